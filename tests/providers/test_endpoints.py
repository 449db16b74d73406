"""Which provider a definition gets, and where its requests go."""

import pytest
from pydantic import SecretStr

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.providers.chat.provider import ChatProvider
from callboard.providers.directory import ProviderDirectory
from callboard.providers.endpoints import VENDORS, Endpoint, build_provider
from callboard.providers.gemini.provider import GeminiProvider
from callboard.providers.messages.provider import MessagesProvider
from callboard.providers.pydantic_ai.provider import PydanticAIProvider
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.model.contract import Watcher, ask
from callboard.testing.model.loopback import Voice, reply_for

KEY = SecretStr("sk-secret-key")


def definition(provider: str | None = None) -> AgentDefinition:
    return AgentDefinition(id="a", display_name="A", model="vendor/model", provider=provider)


@pytest.fixture
def directory() -> ProviderDirectory:
    return ProviderDirectory(
        {
            **{name: Endpoint(name, KEY) for name in VENDORS},
            "scripted": ScriptedProvider({"demo": Script(turns=(Turn(text="Hi"),))}),
            "our-server": Endpoint("our-server", base_url="http://127.0.0.1:9/v1"),
        }
    )


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        (None, ChatProvider),
        ("openrouter", ChatProvider),
        ("openai", ChatProvider),
        ("our-server", ChatProvider),
        ("anthropic", MessagesProvider),
        ("Anthropic", MessagesProvider),
        ("gemini", GeminiProvider),
        ("google", GeminiProvider),
        ("scripted", ScriptedProvider),
        ("pydantic-ai", PydanticAIProvider),
    ],
)
@pytest.mark.anyio
async def test_a_definitions_provider_decides(provider, kind, directory):
    found = await directory.provider_for(definition(provider), "vendor/model")
    assert isinstance(found, kind)


@pytest.mark.anyio
async def test_a_scripted_model_needs_no_provider(directory):
    found = await directory.provider_for(definition(), "scripted/demo")
    assert isinstance(found, ScriptedProvider)


@pytest.mark.anyio
async def test_a_provider_is_built_once(directory):
    first = await directory.provider_for(definition("anthropic"), "claude-x")
    assert await directory.provider_for(definition("anthropic"), "claude-y") is first


@pytest.mark.parametrize("name", sorted(VENDORS))
@pytest.mark.anyio
async def test_a_missing_key_names_the_variable_to_set(name):
    for configured in ({}, {name: Endpoint(name)}, {name: Endpoint(name, SecretStr(""))}):
        with pytest.raises(ConfigurationInvalid, match=VENDORS[name].key_variable):
            await ProviderDirectory(configured).provider_for(definition(name), "vendor/model")


@pytest.mark.anyio
async def test_an_unknown_provider_is_refused_with_the_known_ones(directory):
    with pytest.raises(ConfigurationInvalid, match=r"'nowhere'.*our-server"):
        await directory.provider_for(definition("nowhere"), "vendor/model")


@pytest.mark.parametrize("model", ["gpt-5", "/x", "x/", ""])
@pytest.mark.anyio
async def test_a_model_without_a_vendor_is_refused(model, directory):
    with pytest.raises(ConfigurationInvalid, match="vendor/model"):
        await directory.provider_for(definition(), model)


@pytest.mark.anyio
async def test_a_self_hosted_server_needs_a_base_url():
    directory = ProviderDirectory({"ours": Endpoint("ours")})
    with pytest.raises(ConfigurationInvalid, match="base URL"):
        await directory.provider_for(definition("ours"), "m")


@pytest.mark.parametrize(
    ("name", "base", "model", "voice", "path", "sent"),
    [
        ("openrouter", "/api/v1", "a/b:free", "chat", "/api/v1/chat/completions", "a/b:free"),
        ("openrouter", "/api/v1/", "openai/x", "chat", "/api/v1/chat/completions", "openai/x"),
        ("openai", "/v1", "openai/gpt-5", "chat", "/v1/chat/completions", "gpt-5"),
        ("ours", "/v1", "openai/gpt-5", "chat", "/v1/chat/completions", "openai/gpt-5"),
        ("anthropic", "", "anthropic/claude-sonnet-4.5", "messages", "/v1/messages", "claude-sonnet-4-5"),
        ("anthropic", "/", "claude-haiku-4-5", "messages", "/v1/messages", "claude-haiku-4-5"),
    ],
)  # fmt: skip
@pytest.mark.anyio
async def test_paths_and_model_names(  # noqa: PLR0917 -- parameters of the table
    name: str, base: str, model: str, voice: Voice, path: str, sent: str, server, transport
):
    server.will(reply_for(Turn(text="Hi"), voice))
    provider = build_provider(Endpoint(name, KEY, server.url + base), transport)
    await provider.complete(ask(model=model), Watcher())
    (request,) = server.received
    assert (request.path, request.json["model"]) == (path, sent)


@pytest.mark.parametrize("model", ["google/gemini-3-pro", "models/gemini-3-pro", "gemini-3-pro"])
@pytest.mark.anyio
async def test_gemini_has_the_model_in_its_path(model, server, gemini):
    server.will(reply_for(Turn(text="Hi"), "gemini"))
    await gemini.complete(ask(model=model), Watcher())
    (request,) = server.received
    assert request.path == "/v1beta/models/gemini-3-pro:streamGenerateContent"
    assert request.query == "alt=sse"


@pytest.mark.anyio
async def test_a_directory_closes_its_connections_and_can_go_on(server):
    directory = ProviderDirectory({"openrouter": Endpoint("openrouter", KEY, server.url)})
    for _ in range(2):
        server.will(reply_for(Turn(text="Hi"), "chat"))
        provider = await directory.provider_for(definition(), "vendor/model")
        await provider.complete(ask(model="vendor/model"), Watcher())
        await directory.close()
