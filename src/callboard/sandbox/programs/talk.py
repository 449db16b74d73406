"""Request and answer over a worker's socket, for callers that wait and for those that block."""

import asyncio
import secrets
import time
from collections.abc import Mapping

from pydantic import JsonValue

from callboard.domain.message import JsonObject
from callboard.ports.programs import ProgramFault
from callboard.sandbox.programs import frames
from callboard.sandbox.programs.leash import Leash

_CHUNK = 1 << 18


async def ask(
    leash: Leash, request: Mapping[str, JsonValue], *, within_s: float, longest: int
) -> JsonObject:
    """Return the answer to a request. Nothing is read from a worker of which nothing was asked.

    Raises:
        ProgramFault: it failed, or took longer, or answered with more than `longest` bytes.
    """
    loop = asyncio.get_running_loop()
    token = secrets.token_hex(8)
    line = _Line(longest)
    leash.go_on()
    try:
        async with asyncio.timeout(within_s):
            await loop.sock_sendall(leash.channel, frames.encoded(token, request))
            while not line.complete:
                line.add(await loop.sock_recv(leash.channel, _CHUNK))
    except TimeoutError:
        raise _late(within_s) from None
    except OSError:
        raise frames.broken("its worker has ended") from None
    leash.pause()
    return frames.answer(token, line.content)


def ask_blocking(
    leash: Leash, request: Mapping[str, JsonValue], *, within_s: float, longest: int
) -> JsonObject:
    """Do the same in a thread that may block.

    Raises:
        ProgramFault: see `ask`.
    """
    token = secrets.token_hex(8)
    line = _Line(longest)
    until = time.monotonic() + within_s
    try:
        leash.channel.settimeout(within_s)
        leash.channel.sendall(frames.encoded(token, request))
        while not line.complete:
            leash.channel.settimeout(max(until - time.monotonic(), 0.001))
            line.add(leash.channel.recv(_CHUNK))
    except TimeoutError:
        raise _late(within_s) from None
    except OSError:
        raise frames.broken("its worker has ended") from None
    return frames.answer(token, line.content)


def _late(within_s: float) -> ProgramFault:
    return ProgramFault(f"it took longer than {within_s:g} s and was ended", reason="time")


class _Line:
    """Pieces up to the first end of line."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._pieces: list[bytes] = []
        self._size = 0
        self.complete = False

    def add(self, piece: bytes) -> None:
        if not piece:
            raise frames.broken("its worker has ended")
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._longest:
            raise ProgramFault(
                f"one step came to more than {self._longest} bytes", reason="too_large"
            )
        end = piece.find(b"\n")
        self.complete = end >= 0
        if self.complete and end != len(piece) - 1:
            raise frames.broken("its worker answered more than once")

    @property
    def content(self) -> bytes:
        return b"".join(self._pieces)
