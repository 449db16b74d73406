"""A write to a file is heard of, whoever made it; where it is not, the database is asked all the same."""

import asyncio
import subprocess
import sys

import pytest

from callboard.stores.file_writes import FileWrites
from callboard.stores.relational.changes import Changes
from callboard.stores.relational.threads import silent

pytestmark = pytest.mark.anyio
LONG_S = 3_600
APPEND = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write('more')"


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "file"
    place.touch()
    return place


@pytest.fixture
def writes(path, anyio_backend):
    heard = FileWrites(path)
    if not heard.are_heard():
        pytest.skip("this system tells nobody of writes")
    yield heard
    heard.close()


async def test_what_another_process_writes_is_heard_of(path, writes):
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(writes.wait(LONG_S))
        command = (sys.executable, "-c", APPEND, str(path))
        await (await asyncio.create_subprocess_exec(*command)).wait()
        assert await waiting


async def test_what_was_written_before_anybody_waited_is_heard_of_once(path, writes):
    async with asyncio.timeout(20):
        path.write_text("once")
        assert await writes.wait(LONG_S)
        assert not await writes.wait(0.01)


async def test_a_file_that_took_the_place_of_another_is_heard_of(path, writes):
    async with asyncio.timeout(20):
        path.unlink()
        assert not writes.are_heard()
        assert not await writes.wait(0.01)
        path.write_text("before")
        waiting = asyncio.create_task(writes.wait(LONG_S))
        await asyncio.sleep(0)
        path.write_text("after")
        assert await waiting


async def test_nothing_is_heard_of_once_it_is_closed(path, writes):
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(writes.wait(0.05))
        await asyncio.sleep(0)
        writes.close()
        path.write_text("late")
        assert not await waiting
        assert not writes.are_heard()
        assert not await writes.wait(0.01)


async def test_a_store_hears_of_what_another_process_writes(sqlite_store, tmp_path):
    log = FileWrites(tmp_path / "callboard.db-wal")
    if not log.are_heard():
        pytest.skip("this system tells nobody of writes")
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(log.wait(LONG_S))
        await asyncio.sleep(0)
        insert = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
            "c.execute('INSERT INTO cap (name, level_micro, filled_us) VALUES (1, 0, 0)')"
        )
        await asyncio.to_thread(
            subprocess.run, (sys.executable, "-c", insert, tmp_path / "callboard.db"), check=True
        )
        assert await waiting
    log.close()


class Number:
    """A database that says the same for so many times."""

    def __init__(self, times):
        self.times = times
        self.asked = 0

    def ask(self):
        self.asked += 1
        return 7 if self.asked <= self.times else 8


class Heard:
    """Writes that are heard of at once, so many; of the others nobody tells."""

    def __init__(self, times):
        self.left = times
        self.pauses = []

    def are_heard(self):
        return self.left > 0

    async def wait(self, within_s):
        self.pauses.append(within_s)
        if not self.left:
            return False
        self.left -= 1
        return True

    def close(self):
        self.left = 0


async def test_what_somebody_writes_is_noticed_although_it_can_be_read_a_moment_later_only():
    number, heard = Number(times=5), Heard(times=1)
    async with asyncio.timeout(20):
        await Changes(number.ask, silent, heard).wait(7, LONG_S)
    assert number.asked > number.times
    assert len(heard.pauses) == 1


async def test_a_database_is_asked_more_often_where_nobody_tells_of_writes():
    number, heard = Number(times=40), Heard(times=1)
    async with asyncio.timeout(20):
        await Changes(number.ask, silent, heard).wait(7, LONG_S)
    told, *untold = heard.pauses
    assert set(untold) == {0.05}
    assert told > 0.05
