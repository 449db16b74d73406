"""The clock and the dice of a program: the host's, so that the same inputs give the same yields.

Modules of the standard library are changed in place, once, in the zygote. This is no confinement: a
program that goes out of its way finds real time, and then fails when it is driven again.
"""

import hashlib
import os
import random
import time
import uuid
from random import seed as sow
from typing import Any, Final

_SECOND: Final = 1_000_000_000
_BLOCK: Final = 32
_NODE: Final = 0x0242AC110002  # any will do; asking the machine for its own would start programs

_seed_of = random.Random.seed
_asctime, _ctime, _strftime = time.asctime, time.ctime, time.strftime
_gmtime, _localtime = time.gmtime, time.localtime

BrokenDown = Any
"""What `time.gmtime` returns, or a tuple like it."""


class _Dice:
    """Bytes from a seed and a counter."""

    def __init__(self) -> None:
        self._seed = b""
        self._drawn = 0

    def reset(self, seed: str) -> None:
        self._seed = _digest(seed)
        self._drawn = 0

    def draw(self, size: int, flags: int = 0) -> bytes:
        del flags
        blocks: list[bytes] = []
        for _ in range(0, size, _BLOCK):
            self._drawn += 1
            blocks.append(hashlib.sha256(self._seed + self._drawn.to_bytes(8, "big")).digest())
        return b"".join(blocks)[:size]


class _Clock:
    """The functions of `time` that look at a clock, under their names there."""

    def __init__(self) -> None:
        self._now = 0
        self._began = 0

    def set(self, nanoseconds: int) -> None:
        self._now = nanoseconds
        self._began = self._began or nanoseconds

    def time_ns(self) -> int:
        return self._now

    def time(self) -> float:
        return self._now / _SECOND

    def monotonic_ns(self) -> int:
        return self._now - self._began

    def monotonic(self) -> float:
        return self.monotonic_ns() / _SECOND

    perf_counter = process_time = thread_time = monotonic
    perf_counter_ns = process_time_ns = thread_time_ns = monotonic_ns

    def clock_gettime(self, _clock: int, /) -> float:
        return self.time()

    def clock_gettime_ns(self, _clock: int, /) -> int:
        return self._now

    def sleep(self, seconds: float, /) -> None:
        """Return at once: nobody is there to wait for."""

    def gmtime(self, seconds: float | None = None, /) -> BrokenDown:
        return _gmtime(self.time() if seconds is None else seconds)

    def localtime(self, seconds: float | None = None, /) -> BrokenDown:
        return _localtime(self.time() if seconds is None else seconds)

    def ctime(self, seconds: float | None = None, /) -> str:
        return _ctime(self.time() if seconds is None else seconds)

    def asctime(self, given: BrokenDown = None, /) -> str:
        return _asctime(self.localtime() if given is None else given)

    def strftime(self, form: str, given: BrokenDown = None, /) -> str:
        return _strftime(form, self.localtime() if given is None else given)


_DICE: Final = _Dice()
_CLOCK: Final = _Clock()


def set_seed(seed: str) -> None:
    """Begin anew with the dice of `seed`."""
    _DICE.reset(seed)
    sow(int.from_bytes(_DICE.draw(_BLOCK), "big"))


def words(seed: str) -> list[int]:
    """Return four numbers of 32 bits, for the dice of another language."""
    digest = _digest(seed)
    return [int.from_bytes(digest[at : at + 4], "big") for at in range(0, 16, 4)]


def set_clock(microseconds: int) -> None:
    """Show this time, counted from 1970."""
    _CLOCK.set(microseconds * 1000)


def pretend() -> None:
    """Make the standard library ask here."""
    for name in (name for name in vars(_Clock) if not name.startswith("_")):
        if hasattr(time, name):
            setattr(time, name, getattr(_CLOCK, name))
    for name in ("urandom", "getrandom"):
        setattr(os, name, _DICE.draw)
    setattr(random.Random, "seed", _seeded)  # noqa: B010 - a method of the library's
    # `_urandom` is what SystemRandom, and with it `secrets`, has bound; `_inst` is what its functions ask.
    names = random.__dict__
    names.update(_urandom=_DICE.draw, seed=names["_inst"].seed)
    uuid.__dict__.update(_node=_NODE, _generate_time_safe=None, _UuidCreate=None)


def _seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
    """Replace `Random.seed`: without a seed it would ask the system."""
    _seed_of(self, int.from_bytes(_DICE.draw(_BLOCK), "big") if a is None else a, version)


def _digest(seed: str) -> bytes:
    return hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
