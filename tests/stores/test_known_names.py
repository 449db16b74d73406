"""Whoever asks whether something is limited is never told "no" only because nobody has looked yet."""

import asyncio

import pytest

from callboard.stores.relational.known_names import KnownNames

pytestmark = pytest.mark.anyio


class Table:
    """Names that are read when the test lets them be read."""

    def __init__(self, *names):
        self.names = set(names)
        self.reads = 0
        self.go_on = asyncio.Event()

    async def read(self):
        self.reads += 1
        found = set(self.names)
        await self.go_on.wait()
        return found


async def test_all_who_ask_before_the_first_reading_has_ended_wait_for_it():
    table = Table("a", "b")
    known = KnownNames(table.read)
    asking = [asyncio.ensure_future(known.among(("a", "x"))) for _ in range(3)]
    await asyncio.sleep(0)
    table.go_on.set()
    async with asyncio.timeout(60):
        assert await asyncio.gather(*asking) == [("a",)] * 3
    assert table.reads == 1


async def test_what_is_changed_while_the_names_are_read_is_seen_by_who_asks_next():
    table = Table("a")
    known = KnownNames(table.read)
    asking = asyncio.ensure_future(known.among(("a", "b")))
    await asyncio.sleep(0)
    table.names.add("b")
    known.forget()
    table.go_on.set()
    async with asyncio.timeout(60):
        assert await asking == ("a",)
        assert await known.among(("a", "b")) == ("a", "b")
