"""The board: which column a task stands in, and where people may move it."""

import pytest

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.usecases.app import NotAllowed
from callboard.usecases.board import TasksWanted, list_tasks
from callboard.usecases.board_columns import Choices, look_at_board, move_task
from callboard.usecases.queueing import cancel_task
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow

from .team import ROOT, flow, new_team

pytestmark = pytest.mark.anyio
HERE = TasksWanted(space="auth")
SHORT = flow().model_copy(update={"id": "short"})


@pytest.fixture
async def team():
    team = await new_team()
    yield team
    await team.app.close()


async def columns(team, wanted=HERE, name="vic"):
    board = await look_at_board(team.app, await team.person(name), wanted)
    return {one.id: [view.task.key for view in one.views] for one in board.columns}


async def move(team, name, key, to):
    return await move_task(team.app, await team.person(name), key, to)


async def open_task(team, title="Later", **fields):
    return await create_task(team.app, await team.person("ann"), "auth", NewTask(title, **fields))


async def test_tasks_stand_at_the_steps_of_their_workflow_between_backlog_and_done(team):
    await team.waiting()
    await open_task(team)
    assert await columns(team) == {
        "backlog": ["AUTH-2"],
        "write": [],
        "deploy": ["AUTH-1"],
        "done": [],
    }
    await team.decide("mia", "AUTH-1-1")
    await team.work()
    assert (await columns(team))["done"] == ["AUTH-1"]


async def test_over_all_spaces_they_stand_where_somebody_is_to_act(team):
    await team.waiting()
    await team.started("Broken")
    await team.fails("AUTH-2", "no repository")
    assert await columns(team, TasksWanted()) == {
        "backlog": [],
        "working": [],
        "waiting": ["AUTH-1"],
        "failed": ["AUTH-2"],
        "done": [],
    }


async def test_what_is_cancelled_is_on_no_board(team):
    task = await open_task(team)
    await cancel_task(team.app, await team.person("ann"), task.key)
    assert all(keys == [] for keys in (await columns(team)).values())


async def test_a_board_can_be_narrowed(team):
    await open_task(team, "One", labels=("backend",), priority="high", owner="person:vic")
    await apply_workflow(team.app, ROOT, SHORT)
    await open_task(team, "Two", workflow="short")
    for wish in (
        TasksWanted(space="auth", labels=("backend",)),
        TasksWanted(space="auth", priorities=("high",)),
        TasksWanted(space="auth", owner="person:vic"),
        TasksWanted(space="auth", text="one"),
        TasksWanted(space="auth", workflow="flow"),
    ):
        assert (await columns(team, wish))["backlog"] == ["AUTH-1"]
        vic = await team.person("vic")
        assert [one.task.key for one in await list_tasks(team.app, vic, wish)] == ["AUTH-1"]
    board = await look_at_board(team.app, vic, TasksWanted(space="auth", workflow="short"))
    assert board.total == 1
    assert board.choices == Choices(["backend"], ["person:vic"], ["flow", "short"])


async def test_moving_into_the_first_step_starts_a_task_and_back_ends_its_run(team):
    await open_task(team)
    assert "is started" in await move(team, "ann", "AUTH-1", "write")
    await team.work()
    assert (await columns(team))["deploy"] == ["AUTH-1"]
    assert "is cancelled" in await move(team, "ann", "AUTH-1", "backlog")
    assert all(keys == [] for keys in (await columns(team)).values())


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("done", "give the sign-offs"),
        ("write", "when its workflow says so"),
        ("nowhere", "there is no column"),
    ],
)
async def test_what_its_workflow_decides_is_refused_with_the_reason(team, to, why):
    await team.waiting()
    with pytest.raises(ConfigurationInvalid, match=why):
        await move(team, "ann", "AUTH-1", to)


async def test_what_has_not_begun_cannot_begin_in_the_middle(team):
    await open_task(team)
    with pytest.raises(ConfigurationInvalid, match="begins at “Write”"):
        await move(team, "ann", "AUTH-1", "deploy")


async def test_a_move_to_where_it_is_changes_nothing(team):
    await open_task(team)
    assert "already" in await move(team, "ann", "AUTH-1", "backlog")


async def test_viewers_move_nothing_and_strangers_find_nothing_to_move(team):
    await open_task(team)
    with pytest.raises(NotAllowed):
        await move(team, "vic", "AUTH-1", "write")
    with pytest.raises(UnknownThing):
        await move(team, "zoe", "AUTH-1", "write")
