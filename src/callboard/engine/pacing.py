"""Limits on what goes on at a time and in a minute: how much room there is, and when there is some again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeGuard, get_args

LimitKind = Literal["provider", "model", "credential", "agent", "space"]
"""What limits are of. Of the first three model calls take room, of an agent its runs, of a space its tasks."""

KINDS: Final[tuple[LimitKind, ...]] = get_args(LimitKind)
RUNS_ON: Final = "runs-on"
"""Names with this kind count the runs of agents on a provider; the deployment's settings bound them."""

BEGINS: Final = "begins"
"""Names with this kind are of tasks whose run is about to be made: one process does so, while it lives. Nobody sets or
counts these.
"""

TOKENS: Final = "tokens"
"""Names with this kind, then the name of a limit, are of the tokens of model calls that count under it; the calls are
counted by themselves.
"""

MICRO: Final = 1_000_000
"""How many parts a request, or a token, has in the accounts of what is left for this minute."""
_SECONDS_A_MINUTE: Final = 60


def limit_name(kind: LimitKind, name: str) -> str:
    """Return the name of a limit, such as `provider:openrouter`."""
    return f"{kind}:{name}"


def tokens_of(name: str) -> str:
    """Return the name of the limit on tokens that belongs to another limit."""
    return f"{TOKENS}:{name}"


def is_limit_kind(text: str) -> TypeGuard[LimitKind]:
    """Return whether there are limits of this kind."""
    return text in KINDS


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound that somebody set: `at_once` things at a time, `per_minute` begun in a minute, of which `burst` may
    begin in one moment after a quiet time. None: no such bound.
    """

    name: str
    at_once: int | None = None
    per_minute: int | None = None
    burst: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether it bounds anything."""
        return self.at_once is not None or self.per_minute is not None

    @property
    def depth(self) -> int:
        """How many may begin in one moment: what is said, else a tenth of what a minute allows."""
        return self.burst or max(1, (self.per_minute or 0) // 10)


@dataclass(frozen=True, slots=True)
class Ask:
    """Room that is wanted under a name. `at_once` is a bound that whoever asks knows of; it holds beside the one that
    was set for the name. `amount` is how much of what a minute allows it takes.
    """

    name: str
    at_once: int | None = None
    amount: int = 1

    def bound(self, limit: Limit | None) -> int | None:
        """Return how many may go on at a time: the smaller of both bounds, None without any."""
        known = [one for one in (self.at_once, limit and limit.at_once) if one is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Full:
    """There is no room under a name: `in_use` of `at_once` go on. `wait_s` says when there will be some where that is
    known: the minute is used up, and room comes back by the clock.
    """

    name: str
    in_use: int = 0
    at_once: int | None = None
    wait_s: float | None = None

    def __str__(self) -> str:
        """Return how full it is, in words."""
        if self.wait_s is not None:
            return f"the next may begin in {math.ceil(self.wait_s)} s"
        return "others wait" if self.at_once is None else f"{self.in_use} of {self.at_once}"


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """A limit and what is left of it: how many go on, and how many may begin at this moment as far as the minute is
    concerned (None: it is not bounded).
    """

    limit: Limit
    in_use: int = 0
    left: int | None = None


def without(standings: Sequence[LimitStanding], *kinds: str) -> list[LimitStanding]:
    """Return the standings but for those whose names are of these kinds."""
    return [one for one in standings if one.limit.name.partition(":")[0] not in kinds]


@dataclass(frozen=True, slots=True)
class Level:
    """What a minute's allowance holds, in millionths of a request or a token, and when that was so, in microseconds. It
    is less than nothing where something came to more than was asked for.
    """

    micro: int
    at_us: int

    def filled(self, limit: Limit, now_us: int) -> "Level":
        """Return what it holds now. A clock that went back fills nothing, and a debt is never more than it can hold."""
        gained = max(0, now_us - self.at_us) * (limit.per_minute or 0) // _SECONDS_A_MINUTE
        most = limit.depth * MICRO
        return Level(max(-most, min(most, self.micro + gained)), max(now_us, self.at_us))

    def without(self, amount: int) -> "Level":
        """Return what it holds once some was taken."""
        return Level(self.micro - amount * MICRO, self.at_us)

    @property
    def whole(self) -> int:
        """How much it allows at once."""
        return max(0, self.micro // MICRO)

    def wait_s(self, limit: Limit, amount: int = 1) -> float:
        """Return in how many seconds it allows so much more; 0 where it does already."""
        lacking = max(0, amount * MICRO - self.micro)
        return lacking * _SECONDS_A_MINUTE / (limit.per_minute or 1) / MICRO


def room(
    ask: Ask, limit: Limit | None, in_use: int, level: Level, now_us: int
) -> Full | Level | None:
    """Return that there is no room, or what is left for this minute once it is taken (None: that is not bounded). Whoever
    asks for more than there can ever be is let in when all of it is there.
    """
    bound = ask.bound(limit)
    if bound is not None and in_use >= bound:
        return Full(ask.name, in_use, bound)
    if limit is None or limit.per_minute is None:
        return None
    filled = level.filled(limit, now_us)
    needed = min(ask.amount, limit.depth)
    if filled.whole < needed:
        return Full(ask.name, in_use, bound, filled.wait_s(limit, needed))
    return filled.without(ask.amount)


def hindrance_of(full: Full) -> str:
    """Return why an agent cannot begin another run, to be read after its name."""
    kind, _, name = full.name.partition(":")
    whose = "is busy" if kind == "agent" else f"would be one too many for {name}"
    return f"{whose}: {full}" + (" runs" if full.wait_s is None and full.at_once else "")
