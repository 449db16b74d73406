"""A board that somebody has open, while others move its cards."""

import pytest

from callboard.domain.workflow import WorkflowDefinition
from callboard.usecases.board import TasksWanted
from callboard.usecases.board_columns import look_at_board
from callboard.usecases.queueing import cancel_task
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow
from callboard.web.live.boards import BoardTopic, board_position
from tests.usecases.team import ROOT, flow, new_team

pytestmark = pytest.mark.anyio


def shown(view):
    return f"{view.task.key}: {view.standing.sentence}"


class OpenPage:
    """A board as a browser keeps it: read once, and then told what changed."""

    def __init__(self, board):
        self.columns = {one.id: [shown(view) for view in one.views] for one in board.columns}
        self.totals = {one.id: one.total for one in board.columns}

    def told(self, batch):
        for op in batch.ops if batch is not None else ():
            self._take(op)

    def _take(self, op):
        if "n" in op:
            self.totals[op["k"].removeprefix("#")] = op["n"]
            return
        column = self.columns.get(op.get("c", ""), [])
        if any(_is(op["k"], card) for card in column):
            column[:] = [op["h"] if _is(op["k"], card) else card for card in column]
            return
        for one in self.columns.values():
            one[:] = [card for card in one if not _is(op["k"], card)]
        if "h" in op:
            below = (at for at, card in enumerate(column) if _is(op["b"], card))
            column.insert(next(below, len(column)), op["h"])


def _is(key, card):
    return card.startswith(f"{key}:")


@pytest.fixture
async def team():
    return await new_team()


async def read(team):
    return OpenPage(await look_at_board(team.app, ROOT, TasksWanted(space="auth")))


async def watched(team):
    topic = BoardTopic("auth", shown)
    await topic.begin(team.app)
    return topic


async def test_whoever_follows_a_board_sees_what_whoever_reads_it_anew_sees(team):
    topic, page = await watched(team), await read(team)

    async def the_same():
        page.told(await topic.advance(team.app))
        anew = await read(team)
        assert (page.columns, page.totals) == (anew.columns, anew.totals)

    for title in ("first", "second", "third", "fourth"):
        await create_task(team.app, await team.person("ann"), "auth", NewTask(title))
        await the_same()
    for title in ("fifth", "sixth"):
        await team.waiting(title)
        await the_same()
    await team.started("seventh")
    await the_same()
    await team.work()
    await the_same()
    await team.decide("mia", "AUTH-7-1")
    await team.work()
    await the_same()
    for run_id in ("AUTH-6-1", "AUTH-5-1"):  # what is done the latest comes first, told at once too
        await team.decide("mia", run_id)
        await team.work()
    await the_same()
    await cancel_task(team.app, ROOT, "AUTH-2", "not any more")
    await the_same()
    assert [one.partition(":")[0] for one in page.columns["done"]] == ["AUTH-5", "AUTH-6", "AUTH-7"]
    assert page.totals == {"backlog": 3, "write": 0, "deploy": 0, "done": 3}


async def test_a_tab_that_was_away_is_told_what_it_lacks(team):
    topic = await watched(team)
    at = await board_position(team.app)
    assert await topic.since(team.app, at) is None
    await team.started()
    begun = await topic.advance(team.app)
    assert begun is not None
    assert [op.get("k") for op in begun.ops] == ["AUTH-1", "#backlog"]
    assert await topic.advance(team.app) is None
    lacking = await topic.since(team.app, at)
    assert lacking is not None
    assert lacking.ops == begun.ops
    before = await topic.since(team.app, at - 1)
    assert before is not None
    assert before.reset


async def test_a_board_whose_columns_become_others_is_read_anew(team):
    topic = await watched(team)
    await team.started()
    at = await board_position(team.app)
    await topic.advance(team.app)
    check = {"kind": "agent", "id": "review", "title": "Review", "agent": "writer"}
    changed = flow().model_dump()
    changed["steps"] = [*changed["steps"], check]
    await apply_workflow(team.app, ROOT, WorkflowDefinition.model_validate(changed))
    reset = await topic.advance(team.app)
    assert reset is not None
    assert reset.reset
    late = await topic.since(team.app, at)
    assert late is not None
    assert late.reset


async def test_a_board_is_for_those_who_see_its_space(team):
    topic = await watched(team)
    assert await topic.may(team.app, await team.person("vic"))
    assert not await topic.may(team.app, await team.person("zoe"))
