"""`callboard models`, and chains of models over real sockets."""

import pytest
import yaml

from callboard.testing.model import ScriptedError, Turn
from tests.cli.shell import CANARY, HANG, Model, say

GONE = Turn(error=ScriptedError(reason="not_found"))
BUSY = Turn(error=ScriptedError(reason="overloaded"))
SECOND = "sk-canary-of-the-second-5772"


@pytest.fixture
def second(shell):
    """A second vendor: OpenAI, at an address of its own."""
    with Model() as endpoint:
        shell.env |= {"OPENAI_BASE_URL": f"{endpoint.url}/v1", "OPENAI_API_KEY": SECOND}
        yield endpoint


@pytest.fixture
def names(bare):
    """Writes models.yaml beside the agents."""

    def write(**content):
        folder = bare.workspace / ".agents"
        folder.mkdir(exist_ok=True)
        (folder / "models.yaml").write_text(yaml.safe_dump(content))

    return write


CHAIN = {"reviewer": ["acme/model-1", {"model": "model-2", "provider": "openai"}]}


def test_a_run_goes_on_with_the_next_vendor_and_its_own_key(shell, model, second, names):
    names(chains=CHAIN)
    shell.agent(model="chain/reviewer")
    model.will(GONE)
    second.will(say("From the second."))
    done = shell("run", "helper", "Hi", "--json")
    assert done.code == 0, done
    assert done.events[-1]["output"]["value"] == "From the second."
    (replaced,) = [event for event in done.events if event["type"] == "model.replaced"]
    assert (replaced["replaces"], replaced["model"]) == ("acme/model-1", "model-2")
    assert replaced["failure"]["reason"] == "not_found"
    (first,), (other,) = model.received, second.received
    assert first.json["model"] == "acme/model-1"
    assert other.json["model"] == "model-2"
    assert (CANARY in str(first.headers), SECOND in str(first.headers)) == (True, False)
    assert (CANARY in str(other.headers), SECOND in str(other.headers)) == (False, True)


def test_a_killed_run_asks_the_model_that_it_had_come_to(shell, model, second, names):
    names(chains=CHAIN)
    shell.agent(model="chain/reviewer")
    model.will(GONE)
    second.will(HANG, say("At last."))
    running = shell.start("run", "helper", "Hi", "--json", "--run-id", "r1")
    second.wait_until_asked()
    running.until("model.replaced")
    running.kill()
    names(chains={"reviewer": ["nobody/asks-this"]})
    done = shell("runs", "resume", "r1", "--json")
    assert (done.code, done.events[-1]["output"]["value"]) == (0, "At last.")
    assert len(model.received) == 1


def test_a_vendor_without_a_key_is_passed_over_and_a_chain_without_any_exits_2(
    shell, model, second, names
):
    names(chains=CHAIN)
    shell.agent(model="chain/reviewer")
    second.will(say("Here."))
    done = shell("run", "helper", "Hi", "--json", OPENROUTER_API_KEY=None)
    assert (done.code, done.events[-1]["output"]["value"]) == (0, "Here.")
    none = shell("run", "helper", "Hi", OPENROUTER_API_KEY=None, OPENAI_API_KEY=None)
    assert (none.code, "OPENROUTER_API_KEY" in none.err) == (2, True)
    assert model.received == []


def test_a_person_reads_which_model_goes_on(shell, model, second, names):
    names(chains=CHAIN)
    shell.agent(model="chain/reviewer")
    model.will(GONE)
    second.will(say("Here."))
    done = shell("run", "helper", "Hi")
    assert "acme/model-1 does not answer; goes on with model-2" in done.err


def test_a_name_that_stands_for_nothing_exits_2_and_says_where_to_say_it(shell, model):
    shell.agent(model="chain/reviewer")
    done = shell("run", "helper", "Hi")
    assert (done.code, "models.yaml" in done.err) == (2, True)
    assert model.received == []


def test_what_is_in_use_is_listed_with_names_of_keys_and_never_a_key(shell, second, names):
    names(
        chains=CHAIN,
        aliases={"ours": {"model": "m", "provider": "self-hosted", "baseUrl": "http://h.test/v1"}},
    )
    shell.agent(model="chain/reviewer")
    shell.agent("lost", model="alias/nowhere")
    listed = shell("models", "list", "--json")
    assert listed.code == 0, listed
    providers = {one["name"]: one for one in listed.json["providers"]}
    assert (providers["openai"]["has_key"], providers["gemini"]["has_key"]) == (True, False)
    assert providers["openai"]["base_url"] == f"{second.url}/v1"
    assert providers["anthropic"]["key_variable"] == "ANTHROPIC_API_KEY"
    models = {(one["model"], one["provider"]): one for one in listed.json["models"]}
    assert models["acme/model-1", "openrouter"]["named_by"] == ["chain/reviewer", "helper"]
    assert models["acme/model-1", "openrouter"]["input_usd_per_million"] is None
    assert models["m", "self-hosted"]["base_url"] == "http://h.test/v1"
    shipped = models["anthropic/claude-sonnet-4.6", "openrouter"]
    assert (shipped["input_usd_per_million"], "code-reviewer" in shipped["named_by"]) == (3, True)
    assert any("alias/nowhere" in problem for problem in listed.json["problems"])
    shown = shell("models", "list")
    assert "acme/model-1" in shown.out
    assert "alias/nowhere" in shown.err
    for secret in (CANARY, SECOND):
        assert secret not in listed.out + shown.out + shown.err


def test_a_stored_key_is_listed_by_its_name(bare):
    bare.env = {"CALLBOARD_KEYRING": "off"}
    setting = ("credentials", "set", "work", "--provider", "openai")
    assert bare(*setting, given=SECOND.encode()).code == 0
    listed = bare("models", "list", "--json")
    (openai,) = [one for one in listed.json["providers"] if one["name"] == "openai"]
    assert openai["credentials"] == ["work (org)"]
    assert SECOND not in listed.out


def test_a_model_is_tried_with_one_small_request(shell, model):
    model.will(say("ready"))
    done = shell("models", "test", "acme/model-1", "--json")
    assert done.code == 0, done
    (tried,) = done.json
    assert (tried["ok"], tried["provider"], tried["model"]) == (True, "openrouter", "acme/model-1")
    assert (tried["input_tokens"], tried["output_tokens"]) == (10, 5)
    assert tried["latency_ms"] >= 0
    (request,) = model.received
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert "tools" not in request.json
    model.will(say("ready"))
    line = shell("models", "test", "acme/model-1").out
    assert line.startswith("ok      acme/model-1 at openrouter: ")
    assert len(line.splitlines()) == 1
    assert shell("runs", "list", "--json").json == []


def test_a_vendors_error_is_one_line_and_exits_1(shell, model):
    model.will(Turn(error=ScriptedError(reason="auth", message=f"bad key {CANARY}\nsee https://x")))
    done = shell("models", "test", "acme/model-1")
    assert done.code == 1
    assert done.out.startswith("failed  acme/model-1 at openrouter: auth: OpenRouter answered 401")
    assert len(done.out.splitlines()) == 1
    assert CANARY not in done.out + done.err
    assert len(model.received) == 1


def test_all_of_a_chain_is_tried_and_one_that_is_down_exits_1(shell, model, second, names):
    names(chains=CHAIN)
    model.will(BUSY)
    second.will(say("ready"))
    done = shell("models", "test", "chain/reviewer", "--json")
    assert done.code == 1
    assert [(one["model"], one["reason"]) for one in done.json] == [
        ("acme/model-1", "overloaded"),
        ("model-2", None),
    ]
    second.will(say("ready"))
    only = shell("models", "test", "--provider", "openai", "--json")
    assert [one["model"] for one in only.json] == ["model-2"]


def test_a_provider_of_which_nothing_is_named_is_tried_with_a_small_model_of_its(shell, second):
    second.will(say("ready"))
    (tried,) = shell("models", "test", "--provider", "openai", "--json").json
    assert (tried["ok"], tried["provider"]) == (True, "openai")
    assert tried["cost_usd"] > 0


def test_an_agents_model_is_tried_as_the_agent_asks(shell, second):
    shell.agent(model="model-2", provider="openai")
    second.will(say("ready"))
    (tried,) = shell("models", "test", "--agent", "helper", "--json").json
    assert (tried["ok"], tried["model"]) == (True, "model-2")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "nothing to try"),
        (("alias/nowhere",), "models.yaml"),
        (("no-vendor",), "does not say who serves it"),
        (("acme/model-1",), "OPENROUTER_API_KEY"),
        (("--provider", "self-hosted"), "name a MODEL"),
        (("--agent", "nobody"), "was not found"),
        (("",), "MODEL is empty"),
        (("acme/model-1", "--provider", " "), "--provider is empty"),
    ],
)
def test_what_cannot_be_asked_exits_2_and_says_why(bare, arguments, told):
    done = bare("models", "test", *arguments)
    assert done.code == 2
    assert told in done.out + done.err


def test_a_repository_adds_names_and_changes_none_of_the_deployments(shell, model, names):
    theirs = {"model": "m", "provider": "self-hosted", "baseUrl": "http://127.0.0.1:9/v1"}
    names(aliases={"fast": theirs, "own": "acme/model-2"})
    (shell.home / "models.yaml").write_text("aliases: {fast: acme/model-1}")
    for alias, meant in (("fast", "acme/model-1"), ("own", "acme/model-2")):
        shell.agent(model=f"alias/{alias}")
        model.will(say("Hello."))
        assert shell("run", "helper", "Hi").code == 0
        assert model.received[-1].json["model"] == meant
