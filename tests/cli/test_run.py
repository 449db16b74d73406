import pytest

from callboard.domain.usage import Usage
from callboard.testing.model import ScriptedError, Turn
from callboard.testing.model.loopback import Reply, reply_for
from tests.cli.shell import CANARY, HANG, Model, call, calls, command, say


def test_json_prints_events_and_the_last_line_is_the_roots_terminal_event(shell, model):
    shell.agent(toolNames=["read_files", "end_turn"])
    (shell.workspace / "a.txt").write_text("contents of a")
    model.will(
        calls(call("read_files", paths=["a.txt"]), cost_usd="0.25"),
        say("It says a.", cost_usd="0.5"),
    )
    done = shell("run", "helper", "What is in a?", "--json", "--run-id", "R_1.x-y")
    assert done.code == 0
    events = done.events
    for event in events:
        assert {"type", "run_id", "seq", "at"} <= event.keys()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["run_id"] for event in events} == {"R_1.x-y"}
    last = events[-1]
    assert last["type"] == "run.completed"
    assert last["output"] == {"type": "lastMessage", "value": "It says a.", "text": "It says a."}
    assert last["cost_usd"] == 0.75
    assert "contents of a" in model.last_text()
    assert "What is in a?" in model.last_text()
    shown = shell("runs", "show", "R_1.x-y", "--json")
    assert (shown.code, shown.out) == (0, done.out)
    assert done.err == shown.err == ""


def test_text_streams_to_stdout_and_tool_activity_to_stderr_one_line_each(shell, model):
    shell.agent(toolNames=["list_directory", "glob", "end_turn"])
    looked = calls(
        call("list_directory", "c1", path="."), call("glob", "c2", pattern="*.md"), text="Looking."
    )
    model.will(looked, say("All done, twice over."))
    done = shell("run", "helper", "Look")
    assert done.code == 0
    assert done.out == "Looking.\nAll done, twice over.\n"
    lines = done.err.splitlines()
    assert len([line for line in lines if "list_directory" in line]) == 1
    assert len([line for line in lines if "glob *.md" in line]) == 1
    assert "Looking" not in done.err
    assert "\x1b" not in done.out + done.err


def test_text_is_printed_while_the_model_still_speaks(shell, model):
    shell.agent()
    whole = say("First line\nsecond")
    begun = Turn(text="First line\nsecond", truncate=True)
    blocks = reply_for(begun, "chat").blocks
    model.will(Reply(blocks, headers={"Content-Type": "text/event-stream"}, then="hang"), whole)
    running = shell.start("run", "helper")
    assert running.line() == "First line\n"
    assert running.interrupt().code == 130


def test_unknown_cost_is_null_and_never_zero(shell, model):
    shell.agent()
    model.will(Turn(text="Hi", usage=Usage(input_tokens=3, output_tokens=2), cost_usd=None))
    done = shell("run", "helper", "--json")
    assert done.events[-1]["cost_usd"] is None
    (row,) = shell("runs", "list", "--json").json
    assert row["cost_usd"] is None


def test_params_reach_the_agent_and_are_checked_against_its_schema(shell, model):
    schema = {"type": "object", "properties": {"depth": {"type": "integer"}}, "required": ["depth"]}
    shell.agent(inputSchema={"params": schema})
    wrong = shell("run", "helper", "Hi", "--params", '{"depth": "deep"}', "--json")
    assert (wrong.code, wrong.out) == (2, "")
    assert "depth" in wrong.err
    for text in ("[1]", '{"depth": NaN}', '{"a": "\\ud800"}'):
        refused = shell("run", "helper", "--params", text)
        assert (refused.code, refused.out) == (2, "")
        assert "--params" in refused.err
    assert shell("runs", "list", "--json").json == []
    model.will(say("ok"))
    assert shell("run", "helper", "Hi", "--params", '{"depth": 7}').code == 0
    assert "depth" in model.last_text()


def test_agents_come_from_every_folder_that_is_named(shell, model, tmp_path):
    shell.agent("one", folder=tmp_path / "a")
    shell.agent("two", folder=tmp_path / "b", systemPrompt="I am two.")
    shell.agent("here")
    model.will(say("ok"))
    named = ("--agents", tmp_path / "a", "--agents", tmp_path / "b")
    assert shell("run", "two", "Hi", *named).code == 0
    assert "I am two." in model.last_text()
    assert shell("run", "here", *named).code == 2
    missing = shell("run", "one", "--agents", tmp_path / "nowhere")
    assert missing.code == 2
    assert "nowhere" in missing.err


def test_a_reached_turn_limit_is_an_error_output_that_names_it(shell, model):
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(calls(call("list_directory", path=".")), say("never asked for"))
    done = shell("run", "helper", "--max-turns", "1", "--json")
    assert done.code == 1
    output = done.events[-1]["output"]
    assert output["type"] == "error"
    assert "limit of 1 turn" in output["message"]
    assert "--max-turns" in output["message"]
    assert len(model.received) == 1


def test_a_reached_budget_is_an_error_output_that_names_it(shell, model):
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(calls(call("list_directory", path="."), cost_usd="0.3"), say("never asked for"))
    done = shell("run", "helper", "--budget", "0.25", "--json")
    assert done.code == 1
    last = done.events[-1]
    assert last["type"] == "run.failed"
    assert last["output"]["type"] == "error"
    assert "budget" in last["output"]["message"]
    assert last["cost_usd"] == 0.3
    for amount in ("free", "-1", "1e400"):
        refused = shell("run", "helper", "--budget", amount)
        assert (refused.code, refused.out) == (2, "")
        assert "--budget" in refused.err


def test_a_refused_key_fails_the_run_without_showing_it(shell, model):
    shell.agent()
    model.will(Turn(error=ScriptedError(reason="auth", message=f"bad key {CANARY}")))
    done = shell("run", "helper", "--json")
    assert done.code == 1
    assert done.events[-1]["output"]["type"] == "error"
    assert CANARY not in done.out + done.err


def test_structured_output_is_the_result_on_stdout(shell, model):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    shell.agent(outputMode="structured_output", outputSchema=schema, toolNames=["set_output"])
    model.will(calls(call("set_output", n=7), text="Counting."))
    done = shell("run", "helper", "--run-id", "r")
    assert done.code == 0
    assert done.out.splitlines()[-1] == '{"n": 7}'
    last = shell("runs", "show", "r", "--json").events[-1]
    assert last["output"] == {"type": "structuredOutput", "value": {"n": 7}}


def test_all_messages_are_the_output_where_the_agent_says_so(shell, model):
    shell.agent(outputMode="all_messages")
    model.will(say("Hi there"))
    output = shell("run", "helper", "Hello", "--json").events[-1]["output"]
    assert output["type"] == "allMessages"
    assert "Hi there" in str(output["value"])
    assert "Hello" in str(output["value"])


def test_sub_agents_events_are_printed_with_their_own_run_ids_and_in_stored_order(shell, model):
    with Model() as leaves:
        own = {"provider": "self-hosted", "baseUrl": f"{leaves.url}/v1"}
        shell.agent("boss", toolNames=["spawn_agents"], spawnableAgents=["mate"])
        shell.agent("mate", toolNames=["spawn_agents"], spawnableAgents=["leaf"])
        shell.agent("leaf", **own)
        two = [{"agent_type": "mate", "prompt": "a"}, {"agent_type": "mate", "prompt": "b"}]
        one = [{"agent_type": "leaf", "prompt": "c"}]
        model.will(calls(call("spawn_agents", agents=two)))
        model.will(*(calls(call("spawn_agents", agents=one)) for _ in "ab"))
        model.will(*(say("done") for _ in "abc"))
        leaves.will(*(say("leaf") for _ in "ab"))
        done = shell("run", "boss", "--json", "--run-id", "root")
    assert done.code == 0
    last = done.events[-1]
    assert (last["run_id"], last["type"]) == ("root", "run.completed")
    assert len({event["run_id"] for event in done.events}) == 5
    assert shell("runs", "show", "root", "--json").out == done.out
    assert [row["run_id"] for row in shell("runs", "list", "--json").json] == ["root"]


def test_what_sub_agents_cost_is_part_of_the_cost(shell, model):
    shell.agent("boss", toolNames=["spawn_agents"], spawnableAgents=["mate"])
    shell.agent("mate")
    agents = [{"agent_type": "mate", "prompt": "a"}, {"agent_type": "mate", "prompt": "b"}]
    model.will(calls(call("spawn_agents", agents=agents), cost_usd="0.1"))
    model.will(*(say("done", cost_usd="0.1") for _ in "abc"))
    done = shell("run", "boss", "--json")
    assert done.code == 0
    assert done.events[-1]["cost_usd"] == 0.4


def test_run_ids_are_of_the_allowed_characters_and_taken_once(shell, model):
    shell.agent()
    model.will(say("a"), say("b"))
    for run_id in ("A-z_0.9", ".."):
        assert shell("run", "helper", "--run-id", run_id).code == 0
        assert shell("runs", "show", run_id, "--json").events[-1]["run_id"] == run_id
    taken = shell("run", "helper", "--run-id", "A-z_0.9")
    assert (taken.code, taken.out) == (2, "")
    assert "A-z_0.9" in taken.err
    for bad in ("a/b", "ü", "a\n"):
        refused = shell("run", "helper", "--run-id", bad)
        assert (refused.code, refused.out) == (2, "")
        assert "--run-id" in refused.err
    assert len(model.received) == 2


MISTAKES = {
    ("run", "nobody"): "nobody",
    ("run",): "agent",
    ("run", "helper", "--max-turns", "0"): "--max-turns",
    ("run", "helper", "--workspace", "nowhere"): "nowhere",
    ("nonsense",): "nonsense",
}


def test_mistakes_exit_2_with_one_message_on_stderr_and_nothing_on_stdout(shell):
    shell.agent()
    for arguments, named in MISTAKES.items():
        done = shell(*arguments)
        assert (done.code, done.out) == (2, "")
        assert named in done.err


NO_PARAMS = {
    "nope": "is not JSON",
    "null": "must be a JSON object",
    '{"n": 1e999}': "the number 1e999 is too large",
    '{"n": %s}' % ("9" * 5000): "has 5000 digits",
    '{"n": ' * 5000 + "1" + "}" * 5000: "is nested too deeply",
}


@pytest.mark.parametrize("params", NO_PARAMS, ids=NO_PARAMS.get)
def test_params_that_no_agent_could_be_given_are_refused_in_plain_words(shell, params):
    shell.agent()
    done = shell("run", "helper", "Go", "--params", params)
    assert (done.code, done.out) == (2, "")
    assert "--params" in done.err
    assert NO_PARAMS[params] in done.err
    for word in ("NoneType", "recursion", "sys."):
        assert word not in done.err


def test_text_that_is_no_text_is_a_mistake(shell):
    shell.agent()
    done = shell("run", "helper", "\udcff")
    assert done.code == 2
    assert "argument 3" in done.err


def test_a_missing_key_names_the_variable_and_starts_nothing(bare):
    bare.agent()
    done = bare("run", "helper", "Hi", "--json")
    assert (done.code, done.out) == (2, "")
    assert "OPENROUTER_API_KEY" in done.err
    assert "callboard credentials set openrouter" in done.err
    assert len(done.err.splitlines()) == 1
    assert bare("runs", "list", "--json").json == []


def test_an_unusable_home_is_one_clear_message(bare, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a database, and not a directory")
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / "callboard.db").write_bytes(b"this is not a database" * 100)
    taken = tmp_path / "taken"
    (taken / "callboard.db").mkdir(parents=True)
    homes = (file, file / "below", "/proc/nowhere", "~nobody-of-this-name/x", odd, taken)
    for home in homes:
        done = bare("runs", "list", CALLBOARD_HOME=str(home))
        assert (done.code, done.out) == (2, ""), home
        assert len(done.err.splitlines()) == 1
    postgres = bare("runs", "list", CALLBOARD_DATABASE_URL="postgresql://u:secret@h/d")
    assert postgres.code == 2
    assert "secret" not in postgres.err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3c@ret/hush@127.0.0.1:1/d",
        "postgresql://u:s3c/hush@127.0.0.1:1/d",
        "postgresql://u:s3c#hush@127.0.0.1:1/d",
        "postgresql://u:s3c?hush@127.0.0.1:1/d",
        "postgresql://u:s3c[hush@127.0.0.1:1/d",
        "postgresql://u:s3c/hush",
        "postgresql://u:s3c@hush@127.0.0.1/d",
    ],
)
@pytest.mark.parametrize("line", [("runs", "list"), ("doctor",), ("db", "check")])
def test_a_password_that_would_be_taken_for_a_host_is_refused_and_not_shown(bare, url, line):
    refused = bare(*line, CALLBOARD_DATABASE_URL=url)
    said = refused.out + refused.err
    assert refused.code == 2, said
    assert "%40 for @" in said
    assert not any(word in said for word in ("s3c", "ret", "hush"))


@pytest.mark.parametrize(
    "rest",
    [
        "u:p%40ss@127.0.0.1:1/d?connect_timeout=2",
        "127.0.0.1:1,127.0.0.1:2/d",
        "u@[::1]:1/d",
        "%2Ftmp%2Fnowhere/d",
        "/d?host=127.0.0.1&port=1",
    ],
)
def test_an_address_that_can_be_read_is_tried(bare, rest):
    refused = bare("runs", "list", CALLBOARD_DATABASE_URL=f"postgresql://{rest}")
    assert refused.code == 2
    assert "cannot be reached" in refused.err


def test_a_call_that_failed_is_told_once_it_is_tried_again(shell, model):
    shell.agent()
    limited = ScriptedError(reason="rate_limited", retry_after_s=0.01)
    model.will(Turn(error=limited), say("Now."))
    done = shell("run", "helper")
    assert (done.code, done.out) == (0, "Now.\n")
    assert "trying again" in done.err


def test_sigint_cancels_the_run_cleanly(shell, model):
    shell.agent()
    model.will(HANG)
    running = shell.start("run", "helper", "--json", "--run-id", "r")
    running.until("model_call.started")
    model.wait_until_asked()
    done = running.interrupt()
    assert done.code == 130
    assert done.types[-1] == "run.cancelled"
    assert done.events[-1]["output"]["type"] == "error"
    assert [event["type"] for event in shell.stored("r")] == done.types
    assert shell("runs", "verify", "r").code == 0
    assert shell("runs", "resume", "r", "--json").out == ""
    assert len(model.received) == 1


def test_sigint_ends_the_command_that_is_running(shell, model):
    shell.agent(toolNames=["run_terminal_command", "end_turn"])
    model.will(command("echo begun > begun; sleep 1000"))
    running = shell.start("run", "helper", "--json")
    running.until("tool_call.started")
    done = running.interrupt()
    assert done.code == 130
    assert done.types[-1] == "run.cancelled"
