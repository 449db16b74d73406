"""Rules of an organisation, a space and a run, and people who decide, from the command line."""

import json

import pytest

from tests.cli.shell import call, calls, command, say

ASK_TWO = """
rules:
  - effect: ask
    tool: write_file
    reason: Two people look at every file.
    approvers: {count: 2, people: [ben, cid], withinS: 3600}
"""


def writing(shell, model, *answers):
    shell.agent(toolNames=["write_file", "end_turn"])
    model.will(calls(call("write_file", path="a.txt", content="one")), *answers, say("Done."))


def decide(shell, who, *arguments):
    return shell("inbox", "decide", "R", *arguments, CALLBOARD_USER=who)


def test_an_organisations_rule_makes_two_others_decide(shell, model):
    (shell.home / "policy.yaml").write_text(ASK_TWO)
    writing(shell, model)
    started = shell("run", "helper", "Write", "--run-id", "R", CALLBOARD_USER="ann")
    assert started.code == 0
    (gate,) = json.loads(shell("inbox", "list", "--json").out)
    assert "+one" in json.loads(shell("inbox", "show", "R", "--json").out)["preview"]
    assert (gate["tool"], gate["arguments"]["path"]) == ("write_file", "a.txt")
    assert gate["requested_by"]["name"] == "ann"
    assert gate["approvers"] == {"count": 2, "people": ["ben", "cid"], "within_s": 3600.0}
    assert gate["rules"][0]["level"] == "organisation"
    shown = shell("inbox", "show", "R").out
    for text in (
        "Two people look at every file.",
        "2 of ben, cid",
        "started by ann",
        "until",
        "+one",
    ):
        assert text in shown
    refused = decide(shell, "ann", "approve")
    assert (refused.code, "ann started this run" in refused.err) == (2, True)
    assert decide(shell, "ben", "approve").code == 0
    assert not (shell.workspace / "a.txt").exists()
    assert "1 of 2 approved" in shell("inbox", "show", "R").out
    edited = json.dumps({"path": "a.txt", "content": "two"})
    assert decide(shell, "cid", "approve", "--arguments", edited).code == 0, "other arguments"
    assert not (shell.workspace / "a.txt").exists()
    assert decide(shell, "cid", "approve").code == 0
    assert (shell.workspace / "a.txt").read_text() == "one"


def test_an_approval_with_edited_arguments_makes_the_edited_call(shell, model):
    (shell.home / "policy.yaml").write_text("rules: [{effect: ask, tool: write_file}]\n")
    writing(shell, model)
    shell("run", "helper", "Write", "--run-id", "R")
    edited = json.dumps({"path": "a.txt", "content": "two"})
    decided = decide(shell, "ben", "approve", "--arguments", edited)
    assert decided.code == 0
    assert (shell.workspace / "a.txt").read_text() == "two"
    assert "A person changed the arguments" in model.last_text()
    explained = json.loads(shell("policy", "explain", "R", "c1", "--json").out)
    assert (explained["effect"], explained["outcome"]) == ("ask", "completed")
    assert explained["layers"][0]["level"] == "organisation"


@pytest.mark.parametrize("arguments", ["[1]", "{", '{"path": "a.txt"}', '{"nothing": 1}'])
def test_edited_arguments_that_do_not_fit_are_refused_and_the_gate_stays_open(
    shell, model, arguments
):
    (shell.home / "policy.yaml").write_text("rules: [{effect: ask, tool: write_file}]\n")
    writing(shell, model)
    shell("run", "helper", "Write", "--run-id", "R")
    refused = decide(shell, "ben", "approve", "--arguments", arguments)
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert len(json.loads(shell("inbox", "list", "--json").out)) == 1


def test_a_space_can_narrow_what_the_organisation_allows_and_never_widen_it(shell, model):
    (shell.home / "policy.yaml").write_text("rules: [{effect: deny, tool: write_file}]\n")
    writing(shell, model)
    (shell.workspace / ".agents" / "policy.yaml").write_text(
        "rules: [{effect: allow, tool: write_file}]\n"
    )
    shell("run", "helper", "Write", "--run-id", "R")
    assert not (shell.workspace / "a.txt").exists()
    explained = shell("policy", "explain", "R", "c1")
    assert explained.code in (0, 2)
    shown = json.loads(shell("policy", "show", "--workspace", str(shell.workspace), "--json").out)
    assert [layer["level"] for layer in shown["layers"]] == ["organisation", "space"]


def test_rules_given_to_one_run_hold_for_it_alone(shell, model):
    rules = shell.workspace / "mine.yaml"
    rules.write_text("rules: [{effect: deny, tool: write_file, arguments: {path: '*.txt'}}]\n")
    writing(shell, model)
    shell("run", "helper", "Write", "--run-id", "R", "--policy", str(rules))
    assert not (shell.workspace / "a.txt").exists()
    explained = json.loads(shell("policy", "explain", "R", "c1", "--json").out)
    assert (explained["effect"], explained["outcome"][:8]) == ("deny", "refused:")
    assert "run" in [layer["level"] for layer in explained["layers"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: 5\n", "rules"),
        ("rules: [{effect: forbid, tool: x}]\n", "rules[0].effect"),
        ("rules: [{effect: ask, tool: x, approvers: {count: 0}}]\n", "rules[0].approvers.count"),
        ("rules: [{effect: ask, tol: x}]\n", "rules[0]"),
        ("rules: [\n", "line"),
        ("", "policy"),
    ],
)
def test_nothing_runs_while_the_rules_cannot_be_read(shell, model, text, told):
    (shell.home / "policy.yaml").write_text(text)
    writing(shell, model)
    refused = shell("run", "helper", "Write", "--run-id", "R")
    assert refused.code == 2
    assert "policy.yaml" in refused.err
    assert told in refused.err
    assert "Traceback" not in refused.err
    assert shell("runs", "list", "--json").out.strip() == "[]"


def test_explaining_names_the_calls_there_are_where_one_is_not(shell, model):
    shell.agent(toolNames=["run_terminal_command", "end_turn"])
    model.will(command("true"), say("Done."))
    shell("run", "helper", "Go", "--run-id", "R")
    refused = shell("policy", "explain", "R", "c9")
    assert (refused.code, "its calls: c1" in refused.err) == (2, True)
    assert shell("policy", "explain", "nobody", "c1").code == 2
    text = shell("policy", "explain", "R", "c1").out
    assert "run_terminal_command c1: allow" in text
    assert "no rule speaks of it" in text


def test_a_folders_rules_are_no_way_to_have_another_file_read(shell, model):
    (shell.home / "secret.txt").write_text("rules: [s3cret-content")
    writing(shell, model)
    (shell.workspace / ".agents" / "policy.yaml").symlink_to(shell.home / "secret.txt")
    refused = shell("run", "helper", "Write")
    assert (refused.code, "symbolic link" in refused.err) == (2, True)
    assert "s3cret" not in refused.err
