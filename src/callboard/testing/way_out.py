"""What every `WayOut` does. Subclass, and give the fixture `way_out`: one that lists at least one place.

The tests are coroutines: mark the classes with `pytest.mark.anyio`.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from callboard.ports.way_out import OpenWay, WayOut

_ENOUGH_S = 20.0
_NOT_LISTED = "not-listed.invalid:443"


@asynccontextmanager
async def opened(way_out: WayOut) -> AsyncGenerator[tuple[OpenWay, int]]:
    """Open a way for a socket of this machine; give it with the port on which it listens."""
    listening = socket.create_server(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    way = await way_out.open(listening.detach())
    try:
        yield way, port
    finally:
        await way.close()


async def answer(port: int, content: bytes) -> bytes:
    """Return all that is answered to some bytes, after which nothing more is sent."""
    async with asyncio.timeout(_ENOUGH_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(content)
            writer.write_eof()
            return await reader.read()
        finally:
            writer.close()


class WayOutContract:
    """The behaviour of `callboard.ports.way_out.WayOut`."""

    def test_it_says_what_may_be_reached(self, way_out: WayOut) -> None:
        assert way_out.places

    @pytest.mark.parametrize("asked", ["CONNECT {place}", "GET http://{place}/"])
    async def test_what_is_not_listed_is_refused_and_told_once(
        self, way_out: WayOut, asked: str
    ) -> None:
        request = f"{asked.format(place=_NOT_LISTED)} HTTP/1.1\r\n\r\n".encode()
        async with opened(way_out) as (way, port):
            for _ in range(2):
                assert (await answer(port, request)).startswith(b"HTTP/1.1 403 ")
            [visit] = way.visits()
            assert (visit.place, visit.times) == (_NOT_LISTED, 2)
            assert visit.refused
            assert list(way.visits()) == []

    async def test_noise_ends_its_connection_only(self, way_out: WayOut) -> None:
        async with opened(way_out) as (way, port):
            for noise in (b"", b"\r\n\r\n", b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n"):
                assert not (await answer(port, noise)).startswith(b"HTTP/1.1 2")
            assert list(way.visits()) == []
            request = f"CONNECT {_NOT_LISTED} HTTP/1.1\r\n\r\n".encode()
            assert (await answer(port, request)).startswith(b"HTTP/1.1 403 ")

    async def test_two_ways_know_nothing_of_each_other(self, way_out: WayOut) -> None:
        request = f"CONNECT {_NOT_LISTED} HTTP/1.1\r\n\r\n".encode()
        async with opened(way_out) as (one, port), opened(way_out) as (other, _):
            await answer(port, request)
            assert list(other.visits()) == []
            assert len(one.visits()) == 1

    async def test_a_closed_way_takes_no_connection(self, way_out: WayOut) -> None:
        async with opened(way_out) as (way, port):
            await way.close()
            await way.close()
            with pytest.raises(ConnectionError):
                await answer(port, b"")
