"""`callboard schedules`, as a person and a script use it."""

import pytest

ADD = ("schedules", "add", "weekly", "--space", "auth", "--cron", "0 7 * * MON")


@pytest.fixture
def office(bare):
    """A shell with a space."""
    made = bare("spaces", "create", "auth", "--prefix", "AUTH", "--repository", str(bare.workspace))
    assert made.code == 0, made.err
    assert bare("spaces", "set", "auth", "--workflow", "implement-review-deploy").code == 0
    return bare


def test_a_schedule_is_added_shown_paused_run_and_removed(office):
    added = office(*ADD, "--zone", "Europe/Berlin", "--title", "Update {{ date }}", "--budget", "2")
    assert (added.code, added.out) == (0, "")
    assert "07:00 CE" in added.err
    (listed,) = office("schedules", "list", "--json").json
    assert (listed["id"], listed["overlap"], listed["zone"]) == ("weekly", "skip", "Europe/Berlin")
    assert "Europe/Berlin" in office("schedules", "list").out
    assert office("schedules", "pause", "weekly").code == 0
    assert office("schedules", "show", "weekly", "--json").json["coming"] == []
    assert office("schedules", "resume", "weekly").code == 0
    assert office("schedules", "run", "weekly", "--json").json == {
        "task": "AUTH-1",
        "state": "queued",
    }
    shown = office("schedules", "show", "weekly", "--json").json
    assert [one["task"] for one in shown["past"]] == ["AUTH-1"]
    assert len(shown["coming"]) == 5
    assert "started" in office("schedules", "show", "weekly").out
    assert office("schedules", "remove", "weekly").code == 0
    assert office("schedules", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--title", "t", "--zone", "Mars/Olympus"), "Europe/Berlin"),
        (("--title", "t", "--overlap", "maybe"), "--overlap"),
        (("--title", "t", "--missed", "maybe"), "--missed"),
        (("--title", "t", "--priority", "huge"), "priority"),
        (("--title", "t", "--cron", "now"), "MON-FRI"),
        (("--title", "t", "--space", "nowhere"), "callboard spaces list"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_way_out(office, arguments, said):
    refused = office(*ADD, *arguments)
    assert refused.code == 2
    assert said in refused.err


def test_an_unknown_schedule_says_where_to_look(bare):
    refused = bare("schedules", "pause", "nothing")
    assert (refused.code, "callboard schedules list" in refused.err) == (2, True)
