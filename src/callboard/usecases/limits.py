"""Limits on what goes on at a time and in a minute: who sees them, who sets them."""

import re
from dataclasses import replace
from typing import Final

from callboard.domain.credential import AGENT, NAME, provider_named
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.principal import ORGANISATION, Principal, Resource, in_space
from callboard.domain.org.space import SPACES
from callboard.engine.pacing import (
    KINDS,
    Limit,
    LimitKind,
    LimitStanding,
    is_limit_kind,
    limit_name,
    without_beginnings,
)
from callboard.usecases.app import App, require, seen_spaces
from callboard.usecases.recording import write

MOST_AT_ONCE: Final = 100_000
MOST_A_MINUTE: Final = 1_000_000
_MODEL: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_SHAPES: Final[dict[LimitKind, re.Pattern[str]]] = {
    "provider": NAME,
    "model": _MODEL,
    "credential": NAME,
    "agent": AGENT,
    "space": _MODEL,
}


async def list_limits(app: App, who: Principal) -> list[LimitStanding]:
    """Return all limits with what is left of them, and all names under which something bounded goes on."""
    spaces = seen_spaces(who, "usage.read")
    found = without_beginnings(await app.ports.slots.limiter.standings())
    if spaces is None:
        return found
    theirs = {limit_name("space", space) for space in spaces}
    return [one for one in found if one.limit.name in theirs]


async def set_limit(app: App, who: Principal, limit: Limit) -> Limit:
    """Set a limit, or another one of its name. It holds for everything that begins a second later, in every process.

    Raises:
        ConfigurationInvalid: it bounds nothing, or by a number that makes no sense.
        UnknownThing: there is no such space.
    """
    require(who, "limit.manage", _resource(limit.name))
    kind, name = _parts(limit.name)
    if kind == "provider":
        limit = replace(limit, name=limit_name(kind, provider_named(name)))
    if kind == "space" and await app.records.get(SPACES, name) is None:
        raise UnknownThing(f"there is no space {name!r} (see `callboard spaces list`)")
    _check(limit)
    await write(app, who, "limit.manage", note=f"{limit.name}: {wording(limit)}")
    await app.ports.slots.limiter.set_limit(limit)
    return limit


async def remove_limit(app: App, who: Principal, name: str) -> None:
    """Take a limit away. What an agent or a space says itself (`at_once`) goes on to hold.

    Raises:
        UnknownThing: there is none of this name.
    """
    require(who, "limit.manage", _resource(name))
    kind, of = _parts(name)
    name = limit_name(kind, provider_named(of)) if kind == "provider" else name
    if not await app.ports.slots.limiter.remove_limit(name):
        raise UnknownThing(f"{name!r} has no limit (see `callboard limits list`)")
    await write(app, who, "limit.manage", note=f"{name}: no limit any more")


def wording(limit: Limit) -> str:
    """Return a limit in words."""
    said = [] if limit.at_once is None else [f"at most {limit.at_once} at a time"]
    if limit.per_minute is not None:
        said.append(f"{limit.per_minute} a minute, {limit.depth} of them at once")
    return ", ".join(said) or "no limit of its own"


def _parts(text: str) -> tuple[LimitKind, str]:
    kind, _, name = text.partition(":")
    if is_limit_kind(kind) and _SHAPES[kind].fullmatch(name):
        return kind, name
    raise ConfigurationInvalid(
        f"{text!r}: limits are of {', '.join(f'`{one}:NAME`' for one in KINDS[:-1])} or `{KINDS[-1]}:NAME`"
    )


def _check(limit: Limit) -> None:
    bounds = (
        ("at once", limit.at_once, MOST_AT_ONCE),
        ("per minute", limit.per_minute, MOST_A_MINUTE),
        ("burst", limit.burst, MOST_A_MINUTE),
    )
    for word, number, most in bounds:
        if number is not None and not 1 <= number <= most:
            raise ConfigurationInvalid(
                f"{limit.name}: {word} must be from 1 to {most}, not {number}"
            )
    if limit.at_once is None and limit.per_minute is None:
        raise ConfigurationInvalid(
            f"{limit.name}: say how many at once, how many per minute, or both; to lift a limit, remove it"
        )
    if limit.burst is not None and limit.per_minute is None:
        raise ConfigurationInvalid(
            f"{limit.name}: a burst is a part of what a minute allows; say how many per minute"
        )


def _resource(name: str) -> Resource:
    kind, _, of = name.partition(":")
    return in_space(of) if kind == "space" and of else ORGANISATION
