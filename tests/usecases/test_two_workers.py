"""Two workers on one database: whatever they do at the same moment is done once."""

import asyncio
from datetime import timedelta

import pytest

from callboard.domain.org.schedule import FIRINGS
from callboard.domain.org.task import TASKS
from callboard.domain.org.template import TaskTemplate
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.model import ScriptedProvider
from callboard.testing.notifier import KeptMail, KeptWebhooks
from callboard.testing.rig import rig
from callboard.usecases.courier import Courier
from callboard.usecases.notices import Notices
from callboard.usecases.schedules import NewSchedule, add_schedule
from callboard.usecases.timetable import Timetable
from callboard.usecases.webhooks import NewWebhook, add_webhook, list_deliveries

from .team import ROOT, new_team

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pair(tmp_path):
    """The team, and a second app with connections of its own."""
    stores = [await SqliteEventStore.open(tmp_path / "db") for _ in range(2)]
    team = await new_team(store=stores[0], records=stores[0].records)
    other = rig(
        ScriptedProvider({}),
        clock=team.clock,
        store=stores[1],
        records=stores[1].records,
        vault=team.app.vault,
    )
    yield team, other
    await other.close()
    await team.app.close()


async def test_a_moment_makes_one_task(pair):
    team, other = pair
    for name in ("one", "two", "three"):
        wish = NewSchedule(name, "0 * * * *", TaskTemplate(title=name))
        await add_schedule(team.app, ROOT, "auth", wish)
    tables = Timetable(team.app), Timetable(other)
    for hour in range(1, 4):
        await team.clock.sleep(timedelta(hours=1).total_seconds())
        await asyncio.gather(*(table.turn() for table in (*tables, *tables)))
        await asyncio.gather(*(table.turn() for table in tables))
        tasks = [kept.value for kept in await team.app.records.find(TASKS)]
        assert sorted(task.title for task in tasks) == ["one", "three", "two"], hour
        assert {task.state for task in tasks} == {"queued"}
    firings = [kept.value for kept in await team.app.records.find(FIRINGS)]
    assert sorted(one.state for one in firings) == [*["skipped"] * 6, *["started"] * 3]


async def test_an_event_is_told_each_recipient_once(pair):
    team, other = pair
    mail, web = KeptMail(), KeptWebhooks()
    readers = [Notices(app, email=True) for app in (team.app, other)]
    await asyncio.gather(*(reader.turn() for reader in readers))
    await add_webhook(team.app, ROOT, NewWebhook("ops", "https://hooks.example.test"))
    for number in range(5):
        await team.waiting(f"Task {number}")
    for _ in range(3):
        await asyncio.gather(*(reader.turn() for reader in readers))
    couriers = [Courier(app, mail, web) for app in (team.app, other)]
    while sum(await asyncio.gather(*(courier.turn() for courier in couriers))):
        pass
    told = [(one.to, one.subject) for one in mail.sent]
    assert len(told) == len(set(told)) == 10, "two maintainers, five tasks"
    ids = [message.headers["webhook-id"] for message in web.posted]
    assert len(ids) == len(set(ids)) == 10
    assert {one.state for one in await list_deliveries(team.app, ROOT, "ops")} == {"sent"}
