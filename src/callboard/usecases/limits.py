"""Limits on what goes on at a time and in a minute: who sees them, who sets them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from callboard.domain.credential import AGENT, NAME, provider_named
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import ORGANISATION, Principal, Resource, in_space
from callboard.domain.org.space import SPACES
from callboard.engine.pacing import (
    BEGINS,
    KINDS,
    TOKENS,
    Limit,
    LimitKind,
    LimitStanding,
    is_limit_kind,
    limit_name,
    tokens_of,
    without,
)
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.recording import write

MOST_AT_ONCE: Final = 100_000
MOST_A_MINUTE: Final = 1_000_000
MOST_TOKENS_A_MINUTE: Final = 1_000_000_000
_OF_CALLS: Final[tuple[LimitKind, ...]] = ("provider", "model", "credential")
_MODEL: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_SHAPES: Final[dict[LimitKind, re.Pattern[str]]] = {
    "provider": NAME,
    "model": _MODEL,
    "credential": NAME,
    "agent": AGENT,
    "space": _MODEL,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds under a name: a limit, and how many tokens the calls that count under it may come to in a minute."""

    limit: Limit
    tokens_per_minute: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is any."""
        return self.limit.is_set or self.tokens_per_minute is not None


@dataclass(frozen=True, slots=True)
class BoundsStanding:
    """Bounds and what is left of them: how many go on, how many may begin at this moment, and with how many tokens (None:
    that is not bounded).
    """

    bounds: Bounds
    in_use: int = 0
    left: int | None = None
    tokens_left: int | None = None


async def list_limits(app: App, who: Principal) -> list[BoundsStanding]:
    """Return all limits with what is left of them, and all names under which something bounded goes on."""
    spaces = seen_spaces(who, "usage.read")
    found = _standings(without(await app.ports.slots.limiter.standings(), BEGINS))
    if spaces is None:
        return found
    theirs = {limit_name("space", space) for space in spaces}
    return [one for one in found if one.bounds.limit.name in theirs]


def _standings(found: Sequence[LimitStanding]) -> list[BoundsStanding]:
    """Return the standings by name, those of tokens with what they belong to."""
    named = {one.limit.name: one for one in found}
    names = {name.removeprefix(f"{TOKENS}:") for name in named}
    standings = [_standing(name, named) for name in sorted(names)]
    return [one for one in standings if one.bounds.is_set or one.in_use]


def _standing(name: str, named: Mapping[str, LimitStanding]) -> BoundsStanding:
    calls = named.get(name, LimitStanding(Limit(name)))
    tokens = named.get(tokens_of(name), LimitStanding(Limit(name)))
    bounds = Bounds(calls.limit, tokens.limit.per_minute)
    return BoundsStanding(bounds, calls.in_use, calls.left, tokens.left)


async def set_limit(app: App, who: Principal, bounds: Bounds) -> Bounds:
    """Set a limit, or another one of its name. It holds for everything that begins a second later, in every process.

    Raises:
        ConfigurationInvalid: it bounds nothing, or by a number that makes no sense.
        UnknownThing: there is no such space.
    """
    require(who, "limit.manage", _resource(bounds.limit.name))
    limit, tokens = bounds.limit, bounds.tokens_per_minute
    kind, name = _parts(limit.name)
    if kind == "provider":
        limit = replace(limit, name=limit_name(kind, provider_named(name)))
    if kind == "space" and await app.records.get(SPACES, name) is None:
        raise UnknownThing(f"there is no space {name!r} (see `callboard spaces list`)")
    if tokens is not None and kind not in _OF_CALLS:
        of_calls = ", ".join(_OF_CALLS)
        raise ConfigurationInvalid(f"{limit.name}: tokens are limited by {of_calls}, not by {kind}")
    bounds = Bounds(limit, tokens)
    _check(bounds)
    await write(app, who, "limit.manage", note=f"{limit.name}: {wording(bounds)}")
    await _set(app, limit)
    await _set(app, Limit(tokens_of(limit.name), per_minute=tokens, burst=tokens))
    return bounds


async def _set(app: App, limit: Limit) -> None:
    limiter = app.ports.slots.limiter
    if limit.is_set:
        await limiter.set_limit(limit)
    else:
        await limiter.remove_limit(limit.name)


async def remove_limit(app: App, who: Principal, name: str) -> None:
    """Take a limit away. What an agent or a space says itself (`at_once`) goes on to hold.

    Raises:
        UnknownThing: there is none of this name.
    """
    require(who, "limit.manage", _resource(name))
    kind, of = _parts(name)
    name = limit_name(kind, provider_named(of)) if kind == "provider" else name
    limiter = app.ports.slots.limiter
    removed = [await limiter.remove_limit(one) for one in (name, tokens_of(name))]
    if not any(removed):
        raise UnknownThing(f"{name!r} has no limit (see `callboard limits list`)")
    await write(app, who, "limit.manage", note=f"{name}: no limit any more")


def wording(bounds: Bounds) -> str:
    """Return a limit in words."""
    limit = bounds.limit
    said = [] if limit.at_once is None else [f"at most {limit.at_once} at a time"]
    if limit.per_minute is not None:
        said.append(f"{limit.per_minute} a minute, {limit.depth} of them at once")
    if bounds.tokens_per_minute is not None:
        said.append(f"{bounds.tokens_per_minute:,} tokens a minute")
    return ", ".join(said) or "no limit of its own"


def _parts(text: str) -> tuple[LimitKind, str]:
    kind, _, name = text.partition(":")
    if is_limit_kind(kind) and _SHAPES[kind].fullmatch(name):
        return kind, name
    raise ConfigurationInvalid(
        f"{text!r}: limits are of {', '.join(f'`{one}:NAME`' for one in KINDS[:-1])} or `{KINDS[-1]}:NAME`"
    )


def _check(bounds: Bounds) -> None:
    limit = bounds.limit
    numbers = (
        ("at once", limit.at_once, MOST_AT_ONCE),
        ("per minute", limit.per_minute, MOST_A_MINUTE),
        ("burst", limit.burst, MOST_A_MINUTE),
        ("tokens per minute", bounds.tokens_per_minute, MOST_TOKENS_A_MINUTE),
    )
    for word, number, most in numbers:
        if number is not None and not 1 <= number <= most:
            raise ConfigurationInvalid(
                f"{limit.name}: {word} must be from 1 to {most}, not {number}"
            )
    if not bounds.is_set:
        raise ConfigurationInvalid(
            f"{limit.name}: say how many at once, how many per minute, how many tokens per minute, or some of them; "
            "to lift a limit, remove it"
        )
    if limit.burst is not None and limit.per_minute is None:
        raise ConfigurationInvalid(
            f"{limit.name}: a burst is a part of what a minute allows; say how many per minute"
        )


def _resource(name: str) -> Resource:
    kind, _, of = name.partition(":")
    return in_space(of) if kind == "space" and of else ORGANISATION
