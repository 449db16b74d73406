"""Budgets and ledgers from the command line."""

import pytest

from tests.cli.shell import call, calls, say


@pytest.mark.parametrize("of_space", [False, True])
def test_a_budget_of_the_organisation_or_a_space_ends_a_run_and_names_itself(
    shell, model, of_space
):
    account = f"space:{shell.workspace}" if of_space else "organisation"
    shell.agent(toolNames=["glob", "end_turn"])
    assert shell("budgets", "set", account, "0.25").code == 0
    model.will(*[calls(call("glob", pattern=f"{n}*"), cost_usd="0.2") for n in range(2)])
    done = shell("run", "helper", "Go", "--json")
    assert done.code == 1
    assert account in done.events[-1]["output"]["message"]
    assert done.events[-1]["cost_usd"] == 0.4, "one call of unknown price at a time"
    (listed,) = shell("budgets", "list", "--json").json
    assert (listed["account"], listed["spent_usd"]) == (account, 0.4)
    assert shell("budgets", "remove", account).code == 0
    assert shell("budgets", "list", "--json").json == []


def test_a_run_waits_at_its_budget_where_it_is_told_to_and_goes_on_with_more(shell, model):
    shell.agent(toolNames=["glob", "end_turn"])
    model.will(
        *[calls(call("glob", pattern=f"{n}*"), cost_usd="0.2") for n in range(2)],
        say("Done.", cost_usd="0.1"),
    )
    waits = shell("run", "helper", "Go", "--budget", "0.4", "--on-limit", "wait", "--run-id", "R")
    assert waits.code == 0
    shown = shell("inbox", "show", "R", "--json").json
    assert (shown["reason"], shown["subject"]) == ("budget_exceeded", "run:R")
    for wrong in (["approve"], ["approve", "--budget", "0.3"], ["approve", "--budget", "much"]):
        refused = shell("inbox", "decide", "R", *wrong)
        assert (refused.code, "Traceback" in refused.err) == (2, False)
    ended = shell("inbox", "decide", "R", "approve", "--budget", "1", "--json")
    assert ended.code == 0
    assert ended.events[-1]["cost_usd"] == 0.5
    assert shell("runs", "verify", "R").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "nonsense", "5"),
        ("set", "run:", "5"),
        ("set", "organisation", "five"),
        ("set", "organisation", "-1"),
        ("set", "organisation", "NaN"),
        ("remove", "organisation"),
    ],
)
def test_what_is_no_budget_is_refused_with_the_way_out(shell, arguments):
    refused = shell("budgets", *arguments)
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert "budget" in refused.err.lower() or "dollars" in refused.err.lower()


def test_usage_comes_to_the_same_by_every_axis(shell, model):
    shell.agent()
    model.will(say("One.", cost_usd="0.25"), say("Two.", cost_usd="0.5"))
    shell("run", "helper", "Hi", CALLBOARD_USER="ann")
    shell("run", "helper", "Hi", "--run-id", "B", CALLBOARD_USER="ben")
    for axis in ("space", "run", "agent", "version", "model", "credential", "person", "basis"):
        found = shell("usage", "--by", axis, "--json").json
        assert found["total"]["paid_usd"] == sum(group["paid_usd"] for group in found["groups"])
        assert found["total"]["market_usd"] == 0.75
    people = {
        group["tag"]: group["paid_usd"]
        for group in shell("usage", "--by", "person", "--json").json["groups"]
    }
    assert people == {"ann": 0.25, "ben": 0.5}
    assert shell("usage", "B", "--json").json["total"]["calls"] == 1
    assert shell("usage", "--by", "moon").code == 2
    assert shell("usage", "nobody").code == 2
    assert "total" in shell("usage").out


def test_a_space_of_the_organisation_has_a_budget_by_its_id(shell):
    assert shell("spaces", "create", "shop", "--name", "Shop", "--prefix", "SHOP").code == 0
    assert shell("budgets", "set", "space:shop", "3").code == 0
    assert [one["account"] for one in shell("budgets", "list", "--json").json] == ["space:shop"]
