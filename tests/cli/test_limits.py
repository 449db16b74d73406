"""Limits from the command line."""

import pytest

from tests.cli.shell import say


def test_a_limit_is_set_seen_changed_and_removed_and_the_audit_says_by_whom(shell):
    assert shell("limits", "list", "--json").json == []
    assert "callboard limits set" in shell("limits", "list").err
    done = shell("limits", "set", "provider:Google", "--at-once", "4", "--per-minute", "60")
    assert (done.code, done.out) == (0, "")
    assert "provider:gemini: at most 4 at a time, 60 a minute, 6 of them at once" in done.err
    shell("limits", "set", "model:vendor/model:free", "--per-minute", "20", "--burst", "5")
    assert shell("limits", "list", "--json").json == [
        {"name": "model:vendor/model:free", "at_once": None, "per_minute": 20, "burst": 5, "tokens_per_minute": None, "in_use": 0, "left": 5, "tokens_left": None},
        {"name": "provider:gemini", "at_once": 4, "per_minute": 60, "burst": None, "tokens_per_minute": None, "in_use": 0, "left": 6, "tokens_left": None},
    ]  # fmt: skip
    assert shell("limits", "list").out.splitlines()[2].split() == [
        "provider:gemini", "4", "0", "60", "6", "6"
    ]  # fmt: skip
    done = shell(
        "limits", "set", "provider:gemini", "--at-once", "5", "--tokens-per-minute", "40000"
    )
    assert "at most 5 at a time, 40,000 tokens a minute" in done.err
    (tokens,) = [one for one in shell("limits", "list", "--json").json if one["tokens_per_minute"]]
    assert (tokens["tokens_per_minute"], tokens["tokens_left"]) == (40_000, 40_000)
    assert shell("limits", "set", "provider:gemini", "--at-once", "5").code == 0
    assert shell("limits", "remove", "model:vendor/model:free").code == 0
    (left,) = shell("limits", "list", "--json").json
    assert (left["at_once"], left["per_minute"]) == (5, None)
    notes = [one["note"] for one in shell("audit", "list", "--json").json if one["note"]]
    assert "model:vendor/model:free: no limit any more" in notes
    assert "provider:gemini: at most 5 at a time" in notes


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("set", "nonsense", "--at-once", "1"), "provider:NAME"),
        (("set", "provider:", "--at-once", "1"), "provider:NAME"),
        (("set", "moon:x", "--at-once", "1"), "provider:NAME"),
        (("set", "model:a b", "--at-once", "1"), "model:NAME"),
        (("set", "provider:p"), "at once"),
        (("set", "provider:p", "--at-once", "0"), "from 1 to"),
        (("set", "provider:p", "--per-minute", "-3"), "from 1 to"),
        (("set", "provider:p", "--at-once", "1", "--burst", "3"), "per minute"),
        (("set", "provider:p", "--at-once", "many"), "at-once"),
        (("set", "space:nowhere", "--at-once", "1"), "spaces list"),
        (("set", "agent:a", "--tokens-per-minute", "1"), "provider, model, credential"),
        (("set", "tokens:model:m", "--per-minute", "1"), "provider:NAME"),
        (("remove", "provider:p"), "limits list"),
        (("remove", "nothing"), "provider:NAME"),
    ],
)
def test_what_is_no_limit_is_refused_with_the_way_out(shell, arguments, word):
    refused = shell("limits", *arguments)
    assert (refused.code, refused.out, "Traceback" in refused.err) == (2, "", False)
    assert word in refused.err


def test_a_run_of_an_agent_that_has_no_room_is_refused_and_nothing_is_left_of_it(shell, model):
    shell.agent()
    assert shell("limits", "set", "agent:helper", "--per-minute", "1", "--burst", "1").code == 0
    model.will(say("Hello."))
    assert shell("run", "helper", "Hi", "--run-id", "one").code == 0
    refused = shell("run", "helper", "Hi", "--run-id", "two")
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert "agent:helper is full: the next may begin in" in refused.err
    assert [row["run_id"] for row in shell("runs", "list", "--json").json] == ["one"]
