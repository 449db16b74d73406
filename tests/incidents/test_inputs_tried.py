"""Inputs and faults that nothing else tries: each has a clear error or a stated behaviour, and nothing is lost."""

import asyncio
import json
import logging
from dataclasses import replace

import httpx2
import pytest
from tests.api.conftest import HOME, ROOT, new_app, opened, settle
from tests.api.test_refusals import AGENT
from tests.api.test_runs import WITHIN_S, Pace, served, streaming
from tests.cli.shell import call, calls, say
from tests.runtime.script import agent, says
from tests.runtime.script import call as asked
from tests.runtime.test_approvals import APPROVE, asking, desk
from tests.tools.conftest import call as tool
from tests.tools.conftest import root, workspace

from callboard.bootstrap import Sources, build_app
from callboard.domain.definition.agent import Limits
from callboard.domain.errors import CallboardError
from callboard.domain.events.gate import GateDecided
from callboard.domain.events.model_call import ModelCallCompleted
from callboard.domain.org.principal import as_owner
from callboard.domain.org.task import TASKS
from callboard.domain.usage import Usage, usd
from callboard.runtime.reading import load
from callboard.settings import read_settings
from callboard.testing.budgets import MemoryBudgets
from callboard.testing.model import Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.world import World
from callboard.usecases.credentials import new_grant, set_credential
from callboard.usecases.deciding import decide_gate
from callboard.usecases.people import change_person
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.runs import cancel_run, resume_run
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.verify_run import verify_run
from callboard.usecases.written_agents import checked_agent

__all__ = ["root", "tool", "workspace"]
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


# --- definitions

ODD_IDS = ["a\\u0000b", "\\ud800", "a\\u202eb", "\\ufeffa", "..", "a/b", "a b", "", "x" * 65]


@pytest.mark.parametrize("id_", ODD_IDS)
def test_an_id_with_signs_that_no_name_has_is_refused_with_its_field(bare, id_):
    text = f'{{"id": "{id_}", "displayName": "A", "model": "acme/m"}}'
    (bare.workspace / ".agents").mkdir()
    (bare.workspace / ".agents" / "a.json").write_text(text)
    done = bare("agents", "validate", ".agents")
    assert done.code == 2
    assert "a.json: id" in done.err + done.out
    assert "\u202e" not in done.err + done.out


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800", "\\udfff\\ud800", "\\u202e\\u2066"])
def test_odd_signs_in_a_prompt_reach_the_model_as_text_or_are_refused(shell, model, sign):
    shell.agent()
    text = f'{{"id": "odd", "displayName": "A", "model": "acme/m", "systemPrompt": "x{sign}y"}}'
    (shell.workspace / ".agents" / "odd.json").write_text(text)
    if shell("agents", "validate", ".agents").code == 2:
        return
    model.will(say("Fine."))
    assert shell("run", "odd", "go", "--run-id", "r").code == 0
    assert shell("runs", "verify", "r").code == 0
    system = model.received[0].json["messages"][0]["content"]
    assert "x" in json.dumps(system)
    json.dumps(system).encode()


def test_a_prompt_of_twenty_megabytes_is_refused_with_its_file_and_the_others_load(bare):
    bare.agent("good")
    for name, field in (("large", "systemPrompt"), ("more", "instructionsPrompt")):
        body = {"id": name, "displayName": "A", "model": "acme/m", field: "x" * 20_000_000}
        (bare.workspace / ".agents" / f"{name}.json").write_text(json.dumps(body))
    done = bare("agents", "validate", ".agents")
    assert done.code == 2
    assert "large.json" in done.err + done.out
    assert len(done.err + done.out) < 5_000
    assert "good" in bare("agents", "list").out


def test_a_word_that_would_switch_rules_off_switches_none_off(shell, model):
    """A definition asks for what the organisation forbids, in the words of other products."""
    (shell.home / "policy.yaml").write_text(
        "rules:\n  - effect: deny\n    tool: write_file\n    reason: Not here.\n"
    )
    more = {
        "permissionMode": "bypassPermissions",
        "dangerouslySkipPermissions": True,
        "sandbox": False,
    }
    rules = [{"effect": "allow", "tool": "*"}]
    shell.agent(toolNames=["write_file", "end_turn"], permissions=rules, **more)
    model.will(calls(call("write_file", path="ran", instructions="x", content="x")), say("Oh."))
    shell("run", "helper", "go", "--run-id", "r")
    assert not (shell.workspace / "ran").exists()


def test_a_run_that_waits_goes_on_with_the_definition_that_it_began_with(shell, model):
    shell.agent(toolNames=["ask_user", "end_turn"], systemPrompt="The first words.")
    question = call("ask_user", questions=[{"question": "Go?", "options": ["a", "b"]}])
    model.will(calls(question), say("Done."))
    shell("run", "helper", "go", "--run-id", "r")
    shell.agent(toolNames=["write_file", "end_turn"], systemPrompt="Other words.")
    decided = shell("inbox", "decide", "r", "answer", "--answer", "a")
    assert decided.code == 0, decided.err
    assert "The first words." in model.last_text()
    assert "Other words." not in model.last_text()
    assert [one["function"]["name"] for one in model.received[-1].json["tools"]] == [
        one["function"]["name"] for one in model.received[0].json["tools"]
    ]


# --- what models say

NAMES = {
    "empty": "",
    "three hundred signs": "p" * 300,
    "one that looks alike": "p\u0430y",
    "one of another width": "\uff50\uff41\uff59",
    "one with a sign that nobody sees": "pay\u200b",
    "one with a line end": "pay\n",
    "one with a way": "../pay",
    "one with arguments": "pay(path='bill')",
    "one of Python": "__import__('os').system",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_tool_of_a_name_that_only_looks_like_one_gets_past_no_rule_of_that_one(name):
    """Where a name is read as the one that it nearly is, it is that tool, with its rules."""
    world = World()
    app = rig(
        says(a=[Turn(calls=(asked(name, path="bill", text="$"),)), Turn(text="ok")]),
        agent("a", "pay", permissions=[asking()]),
        world=world,
    )
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    assert world.files == {}
    assert [one for one in world.ledger if "pay" in one] == []


async def test_an_answer_that_says_it_cost_more_than_there_was_is_recorded_and_the_last_one():
    turns = [
        Turn(calls=(asked("look", path="x"),), usage=Usage(output_tokens=10**9)),
        Turn(text="ok"),
    ]
    turns[0] = turns[0].model_copy(update={"cost_usd": usd("50")})
    app = rig(says(a=turns), agent("a", "look"), budgets=MemoryBudgets())
    wish = StartRun("r", "a", "/w", "go", limits=Limits(cost_usd=usd("1")))
    ended = await start_run(app, as_owner(ANN), wish)
    assert ended.terminal is not None
    assert ended.terminal.type == "run.failed"
    entries = await load(app.ports.store, "r")
    answers = [one.event for one in entries if isinstance(one.event, ModelCallCompleted)]
    assert [one.usage and one.usage.output_tokens for one in answers] == [10**9]
    assert (await verify_run(app, as_owner(ANN), "r")).problems == ()


# --- tools


@pytest.mark.parametrize("now", ["one = 1\nwith_other_words()\n", "two = 2\none = 1\ntwo = 2\n"])
async def test_a_file_that_changed_since_it_was_read_is_not_changed_in_another_place(
    tool, root, now
):
    (root / "a.py").write_text("one = 1\ntwo = 2\n")
    await tool("read_files", {"paths": ["a.py"]})
    (root / "a.py").write_text(now)
    value, failed = await tool(
        "str_replace", {"path": "a.py", "replacements": [{"old": "two = 2\n", "new": "two = 0\n"}]}
    )
    assert failed, value
    assert (root / "a.py").read_text() == now


HIDDEN = "ls \u202e;fr- mr\u202c \u200b\x1b]52;c;cm0=\x07\x1b[8mrm -rf .\x1b[0m \r\x08"


def test_a_command_that_hides_a_part_of_itself_is_shown_whole_where_it_is_approved(shell, model):
    rules = [{"effect": "ask", "tool": "run_terminal_command"}]
    shell.agent(toolNames=["run_terminal_command", "end_turn"], permissions=rules)
    model.will(calls(call("run_terminal_command", command=HIDDEN)), say("Oh."))
    shell("run", "helper", "go", "--run-id", "r")
    for shown in (shell("inbox", "show", "r"), shell("inbox", "list"), shell("runs", "show", "r")):
        assert shown.code == 0
        for sign in "\u202e\u202c\u200b\x1b\x07\r\x08":
            assert sign not in shown.out + shown.err, ascii(sign)
    assert "rm -rf ." in shell("inbox", "show", "r").out


# --- decisions, people and their rights


async def test_a_decision_about_a_run_that_was_cancelled_meanwhile_does_nothing():
    here = desk(asking())
    await here.start()
    digest = (await here.gate()).gate.digest
    await cancel_run(here.app, as_owner(ANN), "r")
    with pytest.raises(CallboardError):
        await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    assert here.world.files == {}
    assert await here.events(GateDecided) == []


async def test_two_that_resume_a_run_at_once_make_its_call_once():
    here = desk(asking())
    await here.start()
    digest = (await here.gate()).gate.digest
    await decide_gate(here.app, as_owner(BEN), "r", APPROVE, digest=digest)
    await asyncio.gather(
        *(resume_run(here.app, as_owner(ANN), "r") for _ in range(5)), return_exceptions=True
    )
    assert [one for one in here.world.ledger if "pay" in one] == ["pay r call_1_1"]


async def test_whoever_left_the_organisation_or_the_space_meanwhile_does_not_decide():
    app = new_app()
    await settle(app)
    async with opened(app) as board:
        await board.run("r1", "asker")
        mia, cleo = await board.as_("mia"), await board.as_("cleo")
        gate = (await mia("GET", "/gates/r1")).json()
        body = {"digest": gate["digest"], "verdict": "approve"}
        before = await load(app.ports.store, "r1")
        await change_person(app, ROOT, "mia", active=False)
        await set_member(app, ROOT, HOME, "person:cleo", None)
        assert (await mia("POST", "/gates/r1/decision", body)).status_code == 401
        assert (await cleo("POST", "/gates/r1/decision", body)).status_code == 404
        assert await load(app.ports.store, "r1") == before


async def test_a_stream_ends_quietly_when_its_reader_loses_the_space(caplog):
    app = new_app()
    await settle(app)
    async with opened(app) as board:
        await board.run("r1", "asker")
        board.api.state.pace = Pace(0.01, 0.01)  # pyright: ignore[reportAttributeAccessIssue]
        vic = await board.as_("vic")
        async with served(board) as url, httpx2.AsyncClient() as client:
            place = f"{url}/api/v1/runs/r1/events"
            async with client.stream("GET", place, headers=streaming(vic)) as answer:
                lines = answer.aiter_lines()
                await asyncio.wait_for(anext(lines), WITHIN_S)
                await set_member(app, ROOT, HOME, "person:vic", None)
                async with asyncio.timeout(WITHIN_S):
                    async for _ in lines:
                        pass
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


class SilentAudit:
    """Records whose audit log cannot be written."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def commit(self, change):
        raise CallboardError("the audit log cannot be written")


async def test_what_cannot_be_written_into_the_audit_log_is_not_done():
    app = new_app()
    await settle(app)
    deaf = replace(app, records=SilentAudit(app.records))
    grant = new_grant("key", "openai", f"space:{HOME}")
    for attempt in (
        set_credential(deaf, ROOT, grant, "sk-never-000000000"),
        create_task(deaf, ROOT, HOME, NewTask("Never", workflow="w")),
        change_person(deaf, ROOT, "mia", role="owner"),
        set_member(deaf, ROOT, HOME, "person:otto", "maintainer"),
    ):
        with pytest.raises(CallboardError, match="audit"):
            await attempt
    assert await app.vault.list() == []
    assert await app.records.find(TASKS) == []
    await app.close()


async def test_an_agent_of_one_space_does_not_run_for_another(tmp_path):
    """Nor is it named there: whoever asks for it learns no more than about one that is not."""
    told = {"CALLBOARD_HOME": str(tmp_path / "home"), "CALLBOARD_KEYRING": "off"}
    app = await build_app(read_settings(told), Sources())
    await settle(app)
    await create_space(app, ROOT, NewSpace("other", "Other", "OTH"))
    await set_member(app, ROOT, "other", "person:otto", "maintainer")
    definition = checked_agent(app, AGENT | {"id": "theirs"})
    await save_agent(app, ROOT, NewVersion(definition, (HOME,)))
    async with opened(app) as board:
        mia, otto = await board.as_("mia"), await board.as_("otto")
        moved = await mia("POST", "/roster/theirs/moves", {"move": "promote"})
        assert moved.status_code == 200, moved.text
        wish = {"prompt": "go", "space": "other", "run_id": "r1"}
        theirs = await otto("POST", "/runs", wish | {"agent": "theirs"})
        nothing = await otto("POST", "/runs", wish | {"agent": "zilch"})
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert theirs.text.replace("'theirs'", "'zilch'") == nothing.text
        assert "theirs" not in nothing.text
        found = await mia("POST", "/runs", wish | {"agent": "theirs", "space": HOME})
        assert (found.status_code, "is not a git repository" in found.text) == (422, True), (
            found.text
        )
