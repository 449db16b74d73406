"""JSON that is nested deeper than anybody needs: by a model, by whoever starts a run, by whoever decides."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.definition.agent import Limits
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.run import RunCompleted
from callboard.domain.message import DEEPEST, is_deeper
from callboard.domain.org.principal import as_owner
from callboard.testing.model import ScriptedCall, Turn
from callboard.testing.rig import ANN, rig
from callboard.testing.world import World
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import show_run
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.verify_run import verify_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"n": value}
    return value


def text(levels):
    """JSON that Python need not be able to write."""
    return '{"n": ' * levels + "1" + "}" * levels


@given(st.integers(0, 300), st.integers(0, 300))
def test_how_deep_a_value_is(levels, allowed):
    assert is_deeper([deep(levels), 1], allowed) is (levels + 1 > allowed)


BY_A_MODEL = {
    "as a call": lambda levels: Turn(
        calls=(ScriptedCall(tool="look", arguments={"path": "a", "more": deep(min(levels, 240))}),)
    ),
    "as a call that is almost JSON": lambda levels: Turn(
        calls=(ScriptedCall(tool="look", raw=f'{{"path": "a", "more": {text(levels)},}}'),)
    ),
    "as a call in its text": lambda levels: Turn(
        text=f'<codebuff_tool_call>{{"cb_tool_name": "look", "more": {text(levels)}}}</codebuff_tool_call>'
    ),
    "as a call of an agent": lambda levels: Turn(
        calls=(ScriptedCall(tool="other", arguments={"params": deep(min(levels, 253))}),)
    ),
}


@pytest.mark.parametrize("levels", [150, 199, 200, 201, 252, 300, 1_000, 5_000, 50_000])
@pytest.mark.parametrize("way", BY_A_MODEL)
async def test_whatever_a_model_nests_the_run_goes_on_and_its_log_can_be_read(way, levels):
    provider = says(a=[BY_A_MODEL[way](levels), Turn(text="ok")], other=[Turn(text="there")])
    asking = agent("a", "look", "spawn_agents", spawnable_agents=["other"])
    app = rig(provider, asking, agent("other"), world=World())
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go", limits=Limits()))
    assert isinstance(ended.terminal, RunCompleted), ended.terminal
    await verify_run(app, as_owner(ANN), "r")
    refused = b"tool_call.refused" in b"".join(
        sealed.body for sealed in (await show_run(app, as_owner(ANN), "r")).sealed
    )
    assert refused or levels < DEEPEST


async def test_whoever_starts_a_run_with_params_that_are_nested_too_deeply_is_told_so():
    app = rig(says(a=[Turn(text="ok")]), agent("a"))
    with pytest.raises(ConfigurationInvalid, match="lists and objects in one another"):
        await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go", deep(201)))
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go", deep(200)))
    assert json.dumps(deep(200), separators=(",", ":")).encode() in b"".join(
        sealed.body for sealed in (await show_run(app, as_owner(ANN), "r")).sealed
    )


@pytest.mark.parametrize("said", [{"answer": deep(500)}, {"arguments": deep(500)}])
async def test_whoever_decides_with_something_that_is_nested_too_deeply_is_told_so(said):
    pay = Turn(calls=(call("pay", path="bill", text="$"),))
    asks = agent("a", "pay", permissions=[{"effect": "ask", "tool": "pay"}])
    app = rig(says(a=[pay, Turn(text="ok")]), asks)
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    gate = await open_gate(app, as_owner(ANN), "r")
    with pytest.raises(ConfigurationInvalid, match="lists and objects in one another"):
        await record_decision(
            app, as_owner(ANN), "r", Decision("approve", **said), digest=gate.gate.digest
        )
