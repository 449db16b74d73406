"""Which endpoint a run asks, with which key, and what is paid."""

import pytest

from callboard.domain.usage import Usage
from tests.cli.shell import Model, say

KEYS = {
    f"{name}_API_KEY": f"sk-canary-of-{name.lower()}"
    for name in ("OPENROUTER", "ANTHROPIC", "OPENAI", "GEMINI")
}


@pytest.mark.parametrize(
    ("provider", "voice", "base", "place"),
    [
        ("openrouter", "chat", "/api/v1", ("/api/v1/chat/completions", "authorization")),
        ("openai", "chat", "/v1", ("/v1/chat/completions", "authorization")),
        ("anthropic", "messages", "", ("/v1/messages", "x-api-key")),
        (
            "gemini",
            "gemini",
            "",
            ("/v1beta/models/model-1:streamGenerateContent", "x-goog-api-key"),
        ),
    ],
)
def test_a_provider_is_asked_at_its_base_url_with_its_own_key(bare, provider, voice, base, place):
    path, header = place
    with Model(voice) as model:
        bare.env = {**KEYS, f"{provider.upper()}_BASE_URL": model.url + base}
        bare.agent(provider=provider, model="model-1")
        model.will(say("Hello from there."))
        done = bare("run", "helper", "Hi", "--json")
        assert done.code == 0, done
        assert done.events[-1]["output"]["value"] == "Hello from there."
        (request,) = model.received
    assert request.path == path
    assert request.headers[header].endswith(KEYS[f"{provider.upper()}_API_KEY"])
    sent = str(request.headers) + str(request.body)
    others = [key for name, key in KEYS.items() if not name.startswith(provider.upper())]
    assert not [key for key in others if key in sent]
    database = b"".join(path.read_bytes() for path in bare.home.glob("callboard.db*"))
    assert b"sk-canary" not in database
    missing = bare("run", "helper", "Hi", **{f"{provider.upper()}_API_KEY": None})
    assert missing.code == 2
    assert f"{provider.upper()}_API_KEY" in missing.err


def test_what_openrouter_says_it_cost_is_the_cost(shell, model):
    shell.agent(model="anthropic/claude-sonnet-4.5")
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    model.will(say("Hi", usage=usage, cost_usd="0.0125"))
    done = shell("run", "helper", "--json")
    assert done.events[-1]["cost_usd"] == 0.0125
    assert model.received[0].json["model"] == "anthropic/claude-sonnet-4.5"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_self_hosted_endpoint_is_asked_without_any_key(bare, slash):
    with Model() as model:
        bare.env = dict(KEYS)
        url = f"{model.url}/v1{slash}"
        bare.agent(provider="self-hosted", baseUrl=url, model="llama-3")
        model.will(say("Hi from home."))
        done = bare("run", "helper", "Hi", "--json")
        (request,) = model.received
    assert done.code == 0
    assert done.events[-1]["cost_usd"] is None
    assert (request.path, request.json["model"]) == ("/v1/chat/completions", "llama-3")
    assert "authorization" not in request.headers
    assert "sk-canary" not in str(request.headers) + str(request.body)


ODD_ADDRESSES = (
    {"provider": "openai", "baseUrl": "http://127.0.0.1:9/v1"},
    {"provider": "openrouter", "baseUrl": "http://127.0.0.1:9/v1"},
    {"baseUrl": "http://127.0.0.1:9/v1"},
    {"provider": "self-hosted"},
    {"provider": "self-hosted", "baseUrl": "ftp://example.invalid"},
    {"provider": "nobody"},
)


def test_an_address_of_ones_own_goes_with_self_hosted_only(bare):
    bare.env = dict(KEYS)
    for fields in ODD_ADDRESSES:
        bare.agent(**fields)
        done = bare("run", "helper", "Hi")
        assert (done.code, done.out) == (2, ""), fields
        assert len(done.err.splitlines()) == 1
    assert bare("runs", "list", "--json").json == []
