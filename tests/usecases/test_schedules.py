"""Schedules of a space: tasks that come by the clock, each once, whatever happens in between."""

from datetime import datetime, timedelta

import pytest

from callboard.domain.errors import ConfigurationInvalid, RecordConflict, UnknownThing
from callboard.domain.org.schedule import FIRINGS, SCHEDULE_POSITIONS
from callboard.domain.org.task import TASKS
from callboard.domain.org.template import TaskTemplate
from callboard.ports.records import AuditWanted, Wanted
from callboard.usecases.app import NotAllowed
from callboard.usecases.board import list_tasks
from callboard.usecases.schedules import (
    NewSchedule,
    add_schedule,
    edit_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    run_schedule,
    show_schedule,
)
from callboard.usecases.spaces import change_space
from callboard.usecases.timetable import Timetable

from .team import ROOT, new_team

pytestmark = pytest.mark.anyio

DAILY = "30 7 * * *"


class Office:
    """The team with a timetable and a clock that is moved by hand."""

    def __init__(self, team):
        self.team, self.app = team, team.app
        self.timetable = Timetable(team.app)

    async def add(self, id_="nightly", cron=DAILY, title="Update {{ date }}", **fields):
        wish = NewSchedule(id_, cron, TaskTemplate(title=title), **fields)
        return await add_schedule(self.app, await self.team.person("mia"), "auth", wish)

    async def until(self, text, *, every=None):
        """Let time pass up to a moment; the timetable is looked at then, or again and again."""
        moment = datetime.fromisoformat(f"{text}+00:00")
        while every is not None and self.team.clock.now() + every < moment:
            await self.team.clock.sleep(every.total_seconds())
            await self.timetable.turn()
        await self.team.clock.sleep((moment - self.team.clock.now()).total_seconds())
        return await self.timetable.turn()

    async def tasks(self):
        found = await list_tasks(self.app, ROOT)
        return [(view.task.title, view.task.state) for view in reversed(found)]

    async def past(self, id_="nightly"):
        shown = await show_schedule(self.app, ROOT, id_)
        return [(one.state, one.reason) for one in shown.past]


@pytest.fixture
async def office():
    team = await new_team()
    yield Office(team)
    await team.app.close()


async def test_a_task_is_created_and_started_when_it_is_due_and_not_before(office):
    await office.add(zone="Europe/Berlin")
    await office.until("2026-01-01T06:29:59")
    assert await office.tasks() == []
    await office.until("2026-01-01T06:30:00")
    assert await office.tasks() == [("Update 2026-01-01", "queued")]
    task = (await office.app.records.get(TASKS, "AUTH-1")).value
    assert (task.created_by.kind, task.started_by.name) == ("schedule", "nightly")
    await office.team.work()
    assert await office.tasks() == [("Update 2026-01-01", "under_way")]


async def test_two_workers_create_one_task_of_a_moment(office):
    await office.add()
    other = Timetable(office.app)
    await office.until("2026-01-01T07:30:10")
    await other.turn()
    # the other one read how far it was before this one had written it down
    kept = await office.app.records.get(SCHEDULE_POSITIONS, "nightly")
    back = kept.value.model_copy(update={"after": kept.value.after - timedelta(hours=1)})
    await office.app.records.keep([SCHEDULE_POSITIONS.put(back, over=kept)])
    await other.turn()
    assert len(await office.tasks()) == 1


async def test_a_task_whose_worker_died_before_starting_it_is_started_by_the_next(office):
    await office.add()
    await office.until("2026-01-01T07:29:00")
    await office.timetable._look((await list_schedules(office.app, ROOT))[0].schedule)
    await office.team.clock.sleep(61)
    await office.timetable._look((await list_schedules(office.app, ROOT))[0].schedule)
    assert [state for _, state in await office.tasks()] == ["open"]
    await Timetable(office.app).turn()
    assert [state for _, state in await office.tasks()] == ["queued"]


async def test_no_new_task_while_the_one_before_goes_on_where_overlap_is_skipped(office):
    await office.add(cron="0 * * * *", overlap="skip")
    await office.until("2026-01-01T01:00:01")
    await office.until("2026-01-01T02:00:01")
    assert await office.past() == [("skipped", "AUTH-1 has not ended"), ("started", "")]
    await office.team.fails("AUTH-1", "over")
    await office.until("2026-01-01T03:00:01")
    assert len(await office.tasks()) == 2


async def test_the_next_task_starts_after_the_one_before_where_overlap_is_queued(office):
    await office.add(cron="0 * * * *", overlap="queue")
    for hour in range(1, 14):
        await office.until(f"2026-01-01T{hour:02}:00:01")
    states = [state for _, state in await office.tasks()]
    assert states == ["queued", *["open"] * 10], "and no more than ten wait"
    assert (await office.past())[0] == ("skipped", "10 tasks wait already")
    await office.team.fails("AUTH-1", "over")
    await office.timetable.turn()
    assert [state for _, state in await office.tasks()][:3] == ["failed", "queued", "open"]


async def test_tasks_go_on_side_by_side_where_overlap_is_allowed(office):
    await office.add(cron="0 * * * *", overlap="allow")
    await office.until("2026-01-01T01:00:01")
    await office.until("2026-01-01T02:00:01")
    assert [state for _, state in await office.tasks()] == ["queued", "queued"]


async def test_all_that_was_missed_becomes_one_task(office):
    await office.add(cron="*/5 * * * *", missed="once", overlap="allow")
    await office.until("2026-03-01T12:02:30")
    assert await office.tasks() == [("Update 2026-03-01", "queued")]
    await office.timetable.turn()
    assert len(await office.tasks()) == 1


async def test_what_was_missed_is_left_where_that_is_wished_and_noted(office):
    await office.add(missed="skip")
    await office.until("2026-03-01T12:00:00")
    assert await office.tasks() == []
    assert await office.past() == [("skipped", "nothing ran here at the time")]
    await office.until("2026-03-02T07:30:05")
    assert len(await office.tasks()) == 1


async def test_a_time_that_the_clocks_skip_or_repeat_makes_one_task(office):
    await office.add(cron="30 2 * * *", zone="Europe/Berlin", overlap="allow", missed="skip")
    await office.until("2026-03-28T20:00:00")
    await office.until("2026-03-29T20:00:00", every=timedelta(minutes=1))
    assert await office.tasks() == [("Update 2026-03-29", "queued")]
    await office.until("2026-10-24T20:00:00")
    await office.until("2026-10-25T20:00:00", every=timedelta(minutes=1))
    assert [title for title, _ in await office.tasks()][1:] == ["Update 2026-10-25"]


async def test_a_schedule_that_is_changed_is_due_at_its_new_time_and_makes_its_new_tasks(office):
    await office.add()
    mia = await office.team.person("mia")
    template = TaskTemplate(title="Look at {{ date }}")
    await edit_schedule(office.app, mia, "nightly", cron="0 9 * * *", template=template)
    assert await office.until("2026-01-01T07:31") == 0
    await office.until("2026-01-01T09:01")
    assert await office.tasks() == [("Look at 2026-01-01", "queued")]


async def test_a_change_that_does_not_fit_changes_nothing(office):
    before = await office.add()
    mia = await office.team.person("mia")
    for fields in ({"cron": "every day"}, {"zone": "Mars/Olympus"}, {"space": "other"}):
        with pytest.raises(ConfigurationInvalid):
            await edit_schedule(office.app, mia, "nightly", **fields)
    assert (await show_schedule(office.app, ROOT, "nightly")).schedule == before
    with pytest.raises(NotAllowed):
        await edit_schedule(office.app, await office.team.person("ann"), "nightly", cron=DAILY)


async def test_a_paused_schedule_makes_no_task_and_makes_up_for_none(office):
    await office.add()
    mia = await office.team.person("mia")
    await pause_schedule(office.app, mia, "nightly")
    await office.until("2026-01-02T07:30:01")
    await pause_schedule(office.app, mia, "nightly", paused=False)
    await office.timetable.turn()
    assert await office.tasks() == []
    await office.until("2026-01-03T07:30:01")
    assert len(await office.tasks()) == 1


async def test_a_schedule_runs_at_once_for_whoever_asks(office):
    await office.add()
    mia = await office.team.person("mia")
    task = await run_schedule(office.app, mia, "nightly")
    assert (task.state, task.created_by.name) == ("queued", "mia")
    assert await office.past() == [("started", "")]


async def test_a_task_that_cannot_be_created_is_noted_with_the_reason(office):
    await office.add()
    await change_space(office.app, ROOT, "auth", repository=None)
    await office.until("2026-01-01T07:30:01")
    ((state, reason),) = await office.past()
    assert state == "failed"
    assert "needs a repository" in reason


async def test_nothing_is_due_in_an_archived_space_or_after_removal(office):
    await office.add()
    await change_space(office.app, ROOT, "auth", archived=True)
    await office.until("2026-01-01T07:30:01")
    assert await office.tasks() == []
    await change_space(office.app, ROOT, "auth", archived=False)
    await remove_schedule(office.app, ROOT, "nightly")
    await office.until("2026-01-02T07:30:01")
    assert await office.tasks() == []


async def test_only_maintainers_manage_schedules_and_strangers_see_none(office):
    await office.add()
    ann, zoe = await office.team.person("ann"), await office.team.person("zoe")
    wish = NewSchedule("other", DAILY, TaskTemplate(title="t"))
    with pytest.raises(NotAllowed):
        await add_schedule(office.app, ann, "auth", wish)
    with pytest.raises(NotAllowed):
        await run_schedule(office.app, ann, "nightly")
    with pytest.raises(UnknownThing):
        await add_schedule(office.app, zoe, "auth", wish)
    with pytest.raises(UnknownThing):
        await pause_schedule(office.app, zoe, "nightly")
    (shown,) = await list_schedules(office.app, ann)
    assert f"{shown.coming[0]:%H:%M}" == "07:30"


async def test_what_does_not_fit_is_refused_and_names_are_used_once(office):
    for wrong in ({"cron": "never"}, {"zone": "Mars/Olympus"}, {"id_": "No Name"}):
        with pytest.raises(ConfigurationInvalid):
            await office.add(**wrong)
    await office.add()
    with pytest.raises(RecordConflict):
        await office.add()


async def test_every_change_of_a_schedule_is_in_the_audit_log(office):
    await office.add()
    await pause_schedule(office.app, ROOT, "nightly")
    await remove_schedule(office.app, ROOT, "nightly")
    entries = await office.app.records.audit(AuditWanted(record=("schedule", "nightly")))
    assert [entry.action for entry in entries] == ["schedule.manage"] * 3
    assert await office.app.records.find(FIRINGS, Wanted()) == []
