"""Runs that ended long ago go into files, whole, checked, and with an entry in the audit log."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from callboard.domain.errors import (
    ConfigurationInvalid,
    Fenced,
    RunArchived,
    UnknownThing,
    UserMistake,
)
from callboard.domain.events.codec import blob_of, unseal
from callboard.domain.record import AuditEntry
from callboard.ports.records import AuditWanted
from callboard.usecases.app import NotAllowed
from callboard.usecases.archive_check import problems_of, verify_archive
from callboard.usecases.archive_look import archived_run, list_archive
from callboard.usecases.archive_put import PutAway, put_away
from callboard.usecases.audit import list_audit
from callboard.usecases.export_run import ExportRun, export_run
from callboard.usecases.fork_run import ForkRun, fork_run
from callboard.usecases.runs import list_runs, resume_run, show_run
from callboard.usecases.spending import usage_of
from callboard.usecases.verify_run import verify_run
from tests.archive.deployment import JANUARY, MUCH_LATER, ROOT, STRANGER

pytestmark = pytest.mark.anyio


async def test_a_run_lies_in_the_file_of_the_month_in_which_it_ended(there):
    first = await there.worked("One")
    there.later(31)
    second = await there.worked("Two")
    there.later()
    report = await there.put()
    assert [(one.run_id, one.file) for one in report.away] == [
        (first, JANUARY),
        (second, "2026-02.zip"),
    ]
    assert all((one.runs, one.events > 20) == (2, True) for one in report.away)
    assert there.folder.names() == [JANUARY, "2026-02.zip"]


async def test_what_is_read_back_is_what_was_stored_in_the_same_order(there):
    run = await there.worked()
    before = await show_run(there.app, ROOT, run)
    there.later()
    await there.put()
    shown, file = await archived_run(there.app, ROOT, run)
    assert file == JANUARY
    assert (shown.row, shown.sealed, shown.events) == (before.row, before.sealed, before.events)


async def test_a_run_below_another_is_read_by_itself(there):
    run = await there.worked()
    (below,) = await there.store.children(run)
    before = await show_run(there.app, ROOT, below.run_id)
    there.later()
    await there.put()
    shown, _ = await archived_run(there.app, ROOT, below.run_id)
    assert shown.events == before.events


async def test_whoever_asks_for_it_elsewhere_learns_where_it_lies(there):
    run = await there.worked()
    there.later()
    await there.put()
    for asking in (
        show_run(there.app, ROOT, run),
        resume_run(there.app, ROOT, run),
        verify_run(there.app, ROOT, run),
        fork_run(there.app, ROOT, ForkRun(run, 2, "copy")),
    ):
        with pytest.raises(RunArchived, match=rf"{JANUARY}.*callboard archive show {run}"):
            await asking


async def test_lists_tasks_and_cost_go_on_as_before(there):
    await there.worked()
    rows, usage = await list_runs(there.app, ROOT), await usage_of(there.app, ROOT)
    assert usage
    there.later()
    await there.put()
    assert await list_runs(there.app, ROOT) == rows
    assert await usage_of(there.app, ROOT) == usage


async def test_what_has_not_ended_or_ended_later_stays(there):
    old = await there.worked("Old")
    there.later(1)
    young = await there.worked("Young")
    waits = await there.waiting("Waits")
    report = await there.put(before=date(2026, 1, 2))
    assert [one.run_id for one in report.away] == [old]
    assert set(await there.logs(young, waits)) == {young, waits}


async def test_a_dry_run_says_what_would_be_put_away_and_changes_nothing(there):
    run = await there.worked()
    there.later()
    report = await there.put(dry_run=True)
    assert [(one.run_id, one.file, one.runs) for one in report.away] == [(run, None, 2)]
    assert await there.logs(run)
    assert not (there.home / "archive").exists()


async def test_a_later_put_makes_a_file_of_its_own(there):
    await there.worked("One")
    there.later()
    await there.put()
    first = (there.home / "archive" / JANUARY).read_bytes()
    there.team.clock.advance(-there.team.clock.monotonic())
    await there.worked("Two")
    there.later()
    await there.put()
    assert there.folder.names() == [JANUARY, "2026-01-2.zip"]
    assert (there.home / "archive" / JANUARY).read_bytes() == first
    assert problems_of(await verify_archive(there.app, ROOT)) == []


async def test_putting_again_does_nothing(there):
    await there.worked()
    there.later()
    await there.put()
    report = await there.put()
    assert (report.away, report.left, there.folder.names()) == ([], [], [JANUARY])


async def test_the_audit_log_says_what_was_put_away(there):
    await there.worked()
    there.later()
    await there.put()
    found = await list_audit(there.app, ROOT, AuditWanted())
    entries: list[AuditEntry] = [one for one in found if one.action == "archive.manage"]
    assert [(one.actor, one.note) for one in entries] == [
        (ROOT.actor, f"{JANUARY}: 1 runs with all below them, which ended before {MUCH_LATER}")
    ]


async def test_payloads_that_nobody_needs_any_more_go_and_others_stay(there):
    run = await there.worked()
    (below,) = await there.store.children(run)
    await fork_run(there.app, ROOT, ForkRun(below.run_id, 6, "copy"))
    before = await show_run(there.app, ROOT, "copy")
    assert any(blob_of(unseal(one).event) for one in before.sealed)
    there.later()
    await there.put()
    assert await show_run(there.app, ROOT, "copy") == before


async def test_a_fork_outlives_what_it_was_forked_from_and_is_put_away_like_any_other(there):
    run = await there.worked()
    waits = next(
        one.seq for one in await there.store.read(run) if b'"type":"gate.opened"' in one.body
    )
    there.later()
    await fork_run(there.app, ROOT, ForkRun(run, waits, "fork"))
    assert [one.run_id for one in (await there.put()).away] == [run]
    found = await verify_run(there.app, ROOT, "fork")
    assert (found.problems, found.runs) == ((), 2)
    assert [line async for line in export_run(there.app, ROOT, ExportRun("fork", files=False))]
    await fork_run(there.app, ROOT, ForkRun("fork", waits, "once-more"))
    await there.team.decide("mia", "fork")
    await resume_run(there.app, ROOT, "fork")
    before = await there.logs("fork")
    there.later()
    report = await there.put(before=there.team.clock.now().date())
    assert [(one.run_id, one.runs) for one in report.away] == [("fork", 1)]
    assert (await archived_run(there.app, ROOT, "fork"))[0].sealed == before["fork"]
    assert problems_of(await verify_archive(there.app, ROOT)) == []


async def test_a_run_whose_log_was_altered_stays_and_the_others_go(there):
    bad, good = await there.worked("Bad"), await there.worked("Good")
    with closing(sqlite3.connect(there.home / "callboard.db")) as db, db:
        db.execute("UPDATE event SET body = body || x'20' WHERE run_id = ? AND seq = 3", [bad])
    there.later()
    report = await there.put()
    assert [one.run_id for one in report.away] == [good]
    assert [one.run_id for one in report.left] == [bad]
    assert "does not follow" in report.left[0].why


async def test_a_run_that_goes_on_meanwhile_stays(there):
    run = await there.worked()
    there.later()

    class Moved:
        def __getattr__(self, name):
            return getattr(there.store.shelf, name)

        async def put(self, root_id, logs, file, at):
            raise Fenced(f"run {root_id} went on, or was put away, meanwhile")

    report = await there.put(there.over(shelf=Moved()))
    assert (report.away, [one.run_id for one in report.left]) == ([], [run])
    assert await there.logs(run)
    (checked,) = await verify_archive(there.app, ROOT)
    assert (checked.problems, len(checked.notes)) == ([], 1)
    assert [one.run_id for one in (await there.put()).away] == [run]
    assert there.folder.names() == [JANUARY]


async def test_a_day_that_is_still_to_come_is_refused(there):
    there.later(1)
    with pytest.raises(ConfigurationInvalid, match="still to come"):
        await there.put(before=there.team.clock.now().date() + timedelta(days=2))


async def test_only_whoever_runs_the_deployment_puts_runs_away(there):
    run = await there.worked()
    there.later()
    mia = await there.team.person("mia")
    for who in (mia, STRANGER):
        for asking in (
            put_away(there.app, who, PutAway(MUCH_LATER)),
            verify_archive(there.app, who),
            list_archive(there.app, who),
        ):
            with pytest.raises(NotAllowed):
                await asking
    await there.put()
    assert (await archived_run(there.app, mia, run))[1] == JANUARY
    with pytest.raises(UnknownThing):
        await archived_run(there.app, STRANGER, run)


async def test_files_are_for_nobody_else(there):
    await there.worked()
    there.later()
    await there.put()
    assert (there.home / "archive").stat().st_mode & 0o777 == 0o700
    assert (there.home / "archive" / JANUARY).stat().st_mode & 0o777 == 0o600


async def test_a_folder_that_cannot_be_used_is_named_and_nothing_is_lost(there):
    run = await there.worked()
    there.later()
    (there.home / "archive").write_text("in the way")
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_ARCHIVE"):
        await there.put()
    assert await there.logs(run)


async def test_two_processes_do_not_put_runs_into_one_folder_at_once(there):
    run = await there.worked()
    there.later()
    with there.folder.alone(), pytest.raises(UserMistake, match="another process"):
        await there.put()
    assert await there.logs(run)
    assert [one.run_id for one in (await there.put()).away] == [run]
