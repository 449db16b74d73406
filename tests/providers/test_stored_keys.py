"""Which key goes to which address."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from callboard.domain.credential import ORG, Scope
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, ModelError
from callboard.ports.vault import Grant
from callboard.providers.directory import ProviderDirectory
from callboard.providers.endpoints import Endpoint
from callboard.providers.wire.failures import without_secrets
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.model.contract import Watcher, ask
from callboard.testing.model.loopback import LoopbackEndpoint, Reply, reply_for
from callboard.testing.vault import ANN, MemoryVault

pytestmark = pytest.mark.anyio

ENVIRONMENT = SecretStr("sk-of-the-environment")


@pytest.fixture
def vault():
    return MemoryVault()


def agent(provider="openai", **fields):
    return AgentDefinition.model_validate(
        {
            "id": "helper",
            "displayName": "H",
            "model": "vendor/model",
            "provider": provider,
            **fields,
        }
    )


async def stored(vault, value, name="work", *, scope=ORG, provider="openai", base_url=None):
    await vault.set(Grant(name, scope, provider, base_url), SecretStr(value), ANN)


class Asked:
    """A directory, and the one server that everything leads to."""

    def __init__(self, server, transport, vault, **configured):
        endpoint = Endpoint("openai", ENVIRONMENT, f"{server.url}/v1")
        providers = {"openai": endpoint, **configured}
        self.server = server
        self.directory = ProviderDirectory(providers, transport, vault=vault)

    async def __call__(self, definition, space=""):
        """Return the key that arrives, and the path."""
        self.server.will(reply_for(Turn(text="Hi"), "chat"))
        provider = await self.directory.provider_for(definition, definition.model, space=space)
        await provider.complete(ask(model=definition.model), Watcher())
        request = self.server.received[-1]
        return request.headers.get("authorization", "").removeprefix("Bearer "), request.path


@pytest.fixture
def asked(server, transport, vault):
    return Asked(server, transport, vault)


async def test_of_a_space_an_agent_and_everybody_the_nearest_key_is_used(asked, vault):
    await stored(vault, "sk-of-everybody")
    await stored(vault, "sk-of-web", scope=Scope("space", "web"))
    await stored(vault, "sk-of-one", scope=Scope("agent", "one"))
    assert (await asked(agent(), "web"))[0] == "sk-of-web"
    assert (await asked(agent(), "shop"))[0] == "sk-of-everybody"
    assert (await asked(agent(id="one"), "web"))[0] == "sk-of-one"


async def test_the_key_of_the_environment_is_used_where_nothing_stored_applies(asked, vault):
    await stored(vault, "sk-for-another", scope=Scope("agent", "other"))
    await stored(vault, "sk-for-gemini", provider="gemini")
    await stored(vault, "sk-for-a-space", scope=Scope("space", "web"))
    assert await asked(agent()) == ("sk-of-the-environment", "/v1/chat/completions")


async def test_a_stored_key_comes_before_the_environment_at_the_configured_address(asked, vault):
    await stored(vault, "sk-stored")
    assert await asked(agent()) == ("sk-stored", "/v1/chat/completions")
    assert await asked(agent(credential="work")) == ("sk-stored", "/v1/chat/completions")


async def test_a_key_with_an_address_goes_there_and_the_environments_stays_home(
    asked, vault, server
):
    await stored(vault, "sk-stored", base_url=f"{server.url}/own/v1")
    assert await asked(agent()) == ("sk-stored", "/own/v1/chat/completions")


async def test_an_agents_own_key_comes_before_everybodys(asked, vault):
    await stored(vault, "sk-everybody")
    await stored(vault, "sk-helpers-own", scope=Scope("agent", "helper"))
    assert (await asked(agent(credential="work")))[0] == "sk-helpers-own"
    assert (await asked(agent(id="other", credential="work")))[0] == "sk-everybody"


async def test_a_rotation_takes_effect_at_the_next_call_and_nothing_else_builds_anew(asked, vault):
    await stored(vault, "sk-stored-first")
    first = await asked.directory.provider_for(agent(), "vendor/model")
    assert await asked.directory.provider_for(agent(id="other"), "vendor/model") is first
    assert (await asked(agent()))[0] == "sk-stored-first"
    await vault.rotate("work", ORG, SecretStr("sk-stored-second"), ANN)
    assert (await asked(agent()))[0] == "sk-stored-second"
    second = await asked.directory.provider_for(agent(), "vendor/model")
    assert second is not first
    assert await asked.directory.provider_for(agent(), "vendor/model") is second
    await vault.remove("work", ORG)
    assert (await asked(agent()))[0] == "sk-of-the-environment"


async def test_every_use_is_recorded(asked, vault):
    await stored(vault, "sk-stored")
    assert (await vault.list())[0].last_used_at is None
    await asked(agent())
    assert (await vault.list())[0].last_used_at is not None


async def test_a_definitions_address_gets_a_key_only_where_it_was_stored_for_it(
    asked, vault, server
):
    await stored(vault, "sk-home", "home", provider="self-hosted", base_url=f"{server.url}/v1/")
    own = agent("self-hosted", baseUrl=f"{server.url}/v1")
    assert (await asked(own))[0] == "sk-home"
    elsewhere = agent("self-hosted", baseUrl=f"{server.url}/thief/v1")
    assert await asked(elsewhere) == ("", "/thief/v1/chat/completions")
    named = agent("self-hosted", baseUrl=f"{server.url}/thief/v1", credential="home")
    with pytest.raises(ConfigurationInvalid, match=r"home.*is not sent to"):
        await asked(named)
    assert (await asked(agent("self-hosted", credential="home")))[0] == "sk-home"
    assert (await asked(agent("self-hosted")))[0] == "sk-home"


async def test_a_vendors_key_is_never_sent_to_a_definitions_address(asked, vault, server):
    await stored(vault, "sk-stored")
    own = agent("self-hosted", baseUrl=f"{server.url}/v1", credential="work")
    with pytest.raises(ConfigurationInvalid, match="is for openai"):
        await asked(own)
    with pytest.raises(ConfigurationInvalid, match="baseUrl goes with"):
        await asked(agent("openai", baseUrl=f"{server.url}/v1", credential="work"))
    assert await asked(agent("self-hosted", baseUrl=f"{server.url}/v1")) == (
        "",
        "/v1/chat/completions",
    )


async def test_a_credential_of_another_provider_is_refused(asked, vault):
    await stored(vault, "sk-gemini", provider="gemini")
    with pytest.raises(ConfigurationInvalid, match="provider: gemini"):
        await asked(agent(credential="work"))


async def test_a_server_is_known_by_its_stored_address(asked, vault, server):
    with pytest.raises(ConfigurationInvalid, match="'our-server'"):
        await asked(agent("our-server"))
    await stored(vault, "sk-ours", "ours", provider="our-server", base_url=f"{server.url}/ours")
    assert await asked(agent("Our-Server")) == ("sk-ours", "/ours/chat/completions")


async def test_a_missing_key_says_how_to_store_it(server, transport, vault):
    asked = Asked(server, transport, vault, anthropic=Endpoint("anthropic"))
    with pytest.raises(
        ConfigurationInvalid, match="credentials set anthropic --provider anthropic"
    ):
        await asked(agent("anthropic"))


async def test_scripted_models_need_no_credential(vault):
    script = ScriptedProvider({"demo": Script(turns=(Turn(text="Hi"),))})
    directory = ProviderDirectory({"scripted": script}, vault=vault)
    wish = agent("scripted", credential="work")
    assert await directory.provider_for(wish, "scripted/demo") is script


async def test_pydantic_ai_takes_no_stored_key(asked):
    with pytest.raises(ConfigurationInvalid, match="from the environment only"):
        await asked(agent("pydantic-ai", credential="work"))


@pytest.mark.parametrize("length", range(380, 520, 7))
async def test_no_part_of_a_key_is_left_where_a_message_is_cut(
    asked, vault, server: LoopbackEndpoint, length
):
    key = "sk-stored-0123456789abcdefghijklmnopqrstuvwxyz"
    await stored(vault, key)
    echo = ("x" * length + f" Bearer {key} is wrong").encode()
    server.will(Reply((echo,), status=401))
    provider = await asked.directory.provider_for(agent(), "vendor/model")
    with pytest.raises(ModelError) as failed:
        await provider.complete(ask(model="vendor/model"), Watcher())
    said = str(failed.value)
    assert "xxx" in said
    assert "sk-s" not in said


@pytest.mark.parametrize(
    "echoed", ["{0}", "Bearer {0}.", "?key={1}", '{{"key": "{2}"}}', "basic {3}"]
)
async def test_a_key_is_taken_out_however_it_is_spelt(echoed):
    key = 'k/e+y"ö-0123456'
    spellings = (key, "k%2Fe%2By%22%C3%B6-0123456", 'k/e+y\\"\\u00f6-0123456')
    text = echoed.format(*spellings, "ay9lK3kiw7YtMDEyMzQ1Ng")
    said = without_secrets(f"the server said {text} twice: {text}", [key])
    assert said.count("[redacted]") == 2
    assert "0123456" not in said
    assert "MDEyMzQ1" not in said


async def test_no_repr_shows_a_key(vault, server):
    await stored(vault, "sk-stored-value")
    endpoint = replace(Endpoint("openai", SecretStr("sk-stored-value")), base_url=server.url)
    assert "sk-stored" not in repr(endpoint)
