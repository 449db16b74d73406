"""`callboard inbox` for one's own entries, as a person and a script use it."""

import json

import pytest

from tests.cli.shell import call, calls, say


@pytest.fixture
def asked(shell, model):
    """A shell in which a run asks something."""
    shell.agent(toolNames=["glob"])
    model.will(calls(call("glob", pattern="*"), cost_usd="0.3"), say("Done.", cost_usd="0.1"))
    waits = shell("run", "helper", "Go", "--budget", "0.2", "--on-limit", "wait", "--run-id", "R")
    assert waits.code == 0
    return shell


def test_what_waits_is_listed_read_put_away_and_taken_back(asked):
    (entry,) = asked("inbox", "list", "--mine", "--json").json
    assert (entry["entry"], entry["kind"], entry["read"]) == ("R", "budget", False)
    assert "R" in asked("inbox", "list", "--mine").out
    assert asked("inbox", "read", "R").code == 0
    assert asked("inbox", "list", "--mine", "--json").json[0]["read"]
    assert asked("inbox", "archive", "R").code == 0
    assert asked("inbox", "list", "--mine", "--json").json == []
    assert asked("inbox", "list", "--archived", "--json").json[0]["entry"] == "R"
    assert asked("inbox", "archive", "R", "--restore").code == 0
    assert asked("inbox", "list", "--mine", "--json").json[0]["entry"] == "R"
    (gate,) = asked("inbox", "list", "--json").json
    assert gate["run_id"] == "R", "the plain list stays as it is"
    unknown = asked("inbox", "read", "Q")
    assert (unknown.code, "inbox list --mine" in unknown.err) == (2, True)


def test_a_batch_says_of_each_decision_what_came_of_it(asked):
    (entry,) = asked("inbox", "list", "--mine", "--json").json
    item = entry["items"][0]
    chosen = [
        {"run_id": "R", "digest": "0" * 64, "verdict": "reject"},
        {"run_id": "R", "digest": item["digest"], "verdict": "reject", "note": "enough"},
    ]
    done = batch(asked, "\n".join(map(json.dumps, chosen)))
    assert done.code == 1
    first, second = done.json
    assert (first["closed"], first["code"]) == (False, "configuration_invalid")
    assert second == {"run_id": "R", "closed": True, "code": None, "problem": None}
    assert asked("inbox", "list", "--mine", "--json").json == []
    assert asked("runs", "resume", "R").code == 1


def test_a_line_that_is_no_decision_is_refused_with_the_way_out(bare):
    done = batch(bare, "nonsense")
    assert (done.code, done.out) == (2, "")
    assert "stdin, line 1" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("name", "bob", "--until", "7d"), "callboard people list"),
        (("name", "bob", "--until", "soon"), "--until 'soon'"),
        (("remove", "bob"), "deputy list"),
    ],
)
def test_what_is_no_deputy_is_refused_with_the_way_out(bare, arguments, said):
    refused = bare("inbox", "deputy", *arguments)
    assert refused.code == 2
    assert said in refused.err
    assert bare("inbox", "deputy", "list", "--json").json == []


def batch(shell, text):
    return shell("inbox", "batch", "--json", given=text.encode())
