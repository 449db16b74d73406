"""Whoever puts runs away may die at any moment: every run is then in the database or in a file, whole."""

import shutil
from contextlib import contextmanager

import pytest

from callboard.testing.store.crashing import Crash
from callboard.usecases.archive_check import problems_of, verify_archive
from callboard.usecases.archive_look import archived_run
from tests.archive.deployment import ROOT, deployed, opened, told

pytestmark = pytest.mark.anyio


class Fate:
    """Counts steps, each before and after it is taken, and ends the process at one of them."""

    def __init__(self, at=None):
        self.at, self.count = at, 0

    def step(self):
        if self.at is not None and self.count >= self.at:
            raise Crash
        self.count += 1


class DoomedFolder:
    """A folder in which every step may be the last."""

    def __init__(self, folder, fate):
        self.folder, self.fate, self.title = folder, fate, folder.title

    def names(self):
        self.fate.step()
        return self.folder.names()

    @contextmanager
    def alone(self):
        with self.folder.alone():
            self.fate.step()
            yield

    @contextmanager
    def open(self, name):
        self.fate.step()
        with self.folder.open(name) as file:
            yield file

    @contextmanager
    def begin(self, month):
        self.fate.step()
        with self.folder.begin(month) as new:
            yield DoomedFile(new, self.fate)


class DoomedFile:
    def __init__(self, new, fate):
        self.new, self.fate = new, fate

    @contextmanager
    def add(self, run_id, ended_at):
        self.fate.step()
        with self.new.add(run_id, ended_at) as sink:
            yield sink
            self.fate.step()
        self.fate.step()

    def add_order(self, run_id, order):
        self.new.add_order(run_id, order)
        self.fate.step()

    def finish(self):
        self.fate.step()
        name = self.new.finish()
        self.fate.step()
        return name


class DoomedShelf:
    """A shelf whose every change may be the last one, or come too late to be told."""

    def __init__(self, shelf, fate):
        self.shelf, self.fate = shelf, fate

    def __getattr__(self, name):
        return getattr(self.shelf, name)

    async def put(self, root_id, logs, file, at):
        self.fate.step()
        await self.shelf.put(root_id, logs, file, at)
        self.fate.step()

    async def sweep(self):
        self.fate.step()
        swept = await self.shelf.sweep()
        self.fate.step()
        return swept


async def put_until(there, at):
    """Put everything away, and die at a step; return how many there were."""
    fate = Fate(at)
    doomed = there.over(DoomedShelf(there.store.shelf, fate), DoomedFolder(there.folder, fate))
    try:
        await there.put(doomed)
    except Crash:
        assert at is not None
    return fate.count


async def left_by_others(home):
    """Let three tasks be done that ended in two months; return the events of their runs."""
    async with deployed(home) as there:
        runs = [await there.worked("One"), await there.worked("Two")]
        there.later(40)
        runs.append(await there.worked("Three"))
        return await there.logs(*runs)


@pytest.mark.timeout(300)
async def test_a_run_is_whole_at_every_moment_and_the_next_one_finishes_the_work(tmp_path):
    before = await left_by_others(tmp_path / "left")
    async with opened(shutil.copytree(tmp_path / "left", tmp_path / "whole")) as there:
        steps = await put_until(there, None)
    assert steps >= 25
    for at in range(steps):
        home = shutil.copytree(tmp_path / "left", tmp_path / str(at))
        async with opened(home) as there:
            await put_until(there, at)
        async with opened(home) as there:
            assert {run: await told(there, run) for run in before} == before
            assert problems_of(await verify_archive(there.app, ROOT)) == []
            assert (await there.put()).left == []
            shown = {run: (await archived_run(there.app, ROOT, run))[0].sealed for run in before}
            assert shown == before
            assert problems_of(await verify_archive(there.app, ROOT)) == []
            assert there.folder.names() == ["2026-01.zip", "2026-02.zip"]


async def test_what_was_left_of_a_dead_process_is_cleared_away(there):
    await there.worked()
    there.later()
    folder = there.home / "archive"
    folder.mkdir()
    (folder / ".2026-01.0a1b2c3d4e5f.part").write_text("half a fi")
    (folder / "mine.txt").write_text("not ours")
    await there.put()
    assert sorted(one.name for one in folder.iterdir()) == [".lock", "2026-01.zip", "mine.txt"]
