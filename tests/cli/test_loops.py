"""Runs that go round in circles, from the command line."""

from tests.cli.shell import call, calls, say


def same(n, **more):
    return [calls(call("glob", f"c{at}", pattern="*.md"), **more) for at in range(n)]


def test_a_run_that_repeats_itself_is_warned_and_stopped_with_its_last_calls(shell, model):
    shell.agent(toolNames=["glob", "end_turn"])
    model.will(*same(10, cost_usd="0.05"))
    done = shell("run", "helper", "Go", "--run-id", "R", "--json")
    assert done.code == 1
    output = done.events[-1]["output"]
    assert (output["type"], output["code"]) == ("error", "loop")
    assert output["message"].count('glob {"pattern": "*.md"') == 4
    found = [event for event in done.events if event["type"] == "loop.detected"]
    assert [event["stage"] for event in found] == ["warned", "stopped"]
    assert len(model.received) < 10
    warnings = [text for text in map(str, model.last_messages()) if "again and again" in text]
    assert len(warnings) == 1
    assert shell("runs", "verify", "R").code == 0


def test_a_run_that_somebody_watches_waits_and_may_be_let_go_on(shell, model):
    shell.agent(toolNames=["glob", "end_turn"])
    model.will(*same(7), say("There are none."))
    waits = shell("run", "helper", "Go", "--run-id", "R", "--on-limit", "wait")
    assert waits.code == 0
    shown = shell("inbox", "show", "R")
    assert "goes round in circles" in shown.out
    assert shown.out.count("→") == 4
    ended = shell("inbox", "decide", "R", "approve")
    assert (ended.code, "There are none." in ended.out + ended.err) == (0, True)


def test_a_turn_limit_comes_first_where_it_is_reached_first(shell, model):
    shell.agent(toolNames=["glob", "end_turn"])
    model.will(*same(6))
    done = shell("run", "helper", "Go", "--max-turns", "6", "--json")
    assert (done.code, done.events[-1]["output"]["code"]) == (1, "turn_limit")
