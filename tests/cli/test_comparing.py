"""Runs as they were, and runs side by side."""

from tests.cli.shell import call, calls, say


def two_runs(shell, model):
    """A run that writes a file, and a fork of it that writes another text."""
    shell.agent(toolNames=["write_file", "end_turn"])
    model.will(
        calls(call("write_file", path="a.txt", content="one\n"), cost_usd="0.5"),
        say("Wrote it.", cost_usd="0.25"),
    )
    shell("run", "helper", "Write", "--run-id", "A")
    events = shell("runs", "show", "A", "--json").events
    first = next(event["seq"] for event in events if event["type"] == "model_call.completed")
    shell("runs", "fork", "A", "--at", str(first - 2), "--run-id", "B")
    model.will(
        calls(call("write_file", path="a.txt", content="two\n"), cost_usd="0.125"),
        say("Wrote something else."),
    )
    assert shell("runs", "resume", "B").code == 0
    return events


def test_a_run_is_shown_as_it_was_after_any_of_its_events(shell, model):
    events = two_runs(shell, model)
    for event in events:
        shown = shell("runs", "show", "A", "--at", str(event["seq"]), "--json").json
        assert (shown["seq"], shown["event"]) == (event["seq"], event["type"])
    begun = shell("runs", "show", "A", "--at", "1", "--json").json
    assert (begun["status"], begun["turn"], begun["cost_usd"]) == ("running", 0, 0)
    assert begun["next"] == "CallModel"
    asked = next(event["seq"] for event in events if event["type"] == "model_call.completed")
    then = shell("runs", "show", "A", "--at", str(asked), "--json").json
    assert (then["turn"], then["cost_usd"], then["open_calls"]) == (1, 0.5, ["write_file"])
    assert then["files"] == []
    last = shell("runs", "show", "A", "--at", str(len(events)), "--json").json
    assert (last["status"], last["cost_usd"], last["next"]) == ("completed", 0.75, "Rest")
    assert [change["path"] for change in last["files"]] == ["a.txt"]
    text = shell("runs", "show", "A", "--at", str(asked)).out
    assert f"A after event {asked} of {len(events)}" in text
    assert "write_file" in text


def test_a_position_that_is_not_there_is_named_with_those_that_are(shell, model):
    events = two_runs(shell, model)
    for position in ("0", "-1", str(len(events) + 1)):
        refused = shell("runs", "show", "A", "--at", position)
        assert (refused.code, f"events 1 to {len(events)}" in refused.err) == (2, True)
    assert shell("runs", "show", "nobody", "--at", "1").code == 2


def test_two_runs_are_compared_by_events_files_and_cost(shell, model):
    two_runs(shell, model)
    found = shell("runs", "diff", "A", "B", "--json").json
    assert found["left"]["cost_usd"] == 0.75
    assert found["right"]["status"] == "completed"
    (changed,) = found["files"]
    assert changed["path"] == "a.txt"
    assert "+one" in changed["left"]
    assert "+two" in changed["right"]
    assert found["common_events"] < found["left"]["events"]
    assert any(line.startswith("- ") and "one" in line for line in found["events"])
    assert any(line.startswith("+ ") and "two" in line for line in found["events"])
    text = shell("runs", "diff", "A", "B").out
    assert "Files that came out differently: a.txt" in text


def test_a_run_compared_with_itself_differs_in_nothing(shell, model):
    two_runs(shell, model)
    found = shell("runs", "diff", "A", "A", "--json").json
    assert (found["files"], found["events"]) == ([], [])
    assert found["common_events"] == found["left"]["events"]
    assert shell("runs", "diff", "A", "nobody").code == 2
