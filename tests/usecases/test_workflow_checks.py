"""What is to be known about a workflow before it goes live."""

import pytest

from callboard.domain.errors import DefinitionInvalid
from callboard.domain.workflow import WorkflowDefinition
from callboard.usecases.workflow_checks import check_flow, read_workflow

from .team import ROOT, flow, new_team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def team():
    team = await new_team()
    yield team
    await team.app.close()


async def failing(team, definition):
    found = await check_flow(team.app, ROOT, definition, "auth")
    return {one.title: (one.held, one.detail) for one in found if one.held != "yes"}


def of(*steps):
    return WorkflowDefinition.model_validate({"id": "flow", "title": "Flow", "steps": steps})


WRITE = {"kind": "agent", "id": "write", "title": "Write", "agent": "writer"}
SIGN = {"kind": "people", "id": "sign", "title": "Sign", "on_reject": "write"}


async def test_a_sound_workflow_holds_in_everything(team):
    assert await failing(team, flow()) == {}


async def test_a_step_for_which_there_is_nobody_is_named(team):
    nobody = WRITE | {"agent": "ghost"}
    held, why = (await failing(team, of(nobody, SIGN)))["There is somebody for every step"]
    assert (held, why) == ("no", "nobody for Write (agent ghost)")


async def test_work_that_nobody_signs_asks_for_care(team):
    late = WRITE | {"id": "more", "title": "More"}
    assert "A person signs before it ends" in await failing(team, of(WRITE))
    held, why = (await failing(team, of(WRITE, SIGN, late)))["A person signs before it ends"]
    assert (held, why) == ("careful", "nobody signs what is done in More")


async def test_a_rejection_that_goes_nowhere_asks_for_care(team):
    alone = {"kind": "people", "id": "sign", "title": "Sign"}
    assert "Rejected work goes back to its author" in await failing(team, of(WRITE, alone))


async def test_shares_beyond_the_whole_budget_fail(team):
    half = WRITE | {"budget_share": 0.6}
    more = half | {"id": "more", "title": "More"}
    held, why = (await failing(team, of(half, more, SIGN)))["The budget is enough for all steps"]
    assert (held, why) == ("no", "the steps may spend 120% of the task's budget")


@pytest.mark.parametrize(
    "text", ["", "id: [", "id: x\ntitle: X\nsteps: []", "!!python/object:os.system x", "- 1\n" * 99]
)
def test_what_is_no_workflow_is_refused_with_every_problem(text):
    with pytest.raises(DefinitionInvalid) as refusal:
        read_workflow(text)
    assert refusal.value.problems
