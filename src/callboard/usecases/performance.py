"""How agents perform: by agent, version, step, space or model, and one version against another."""

from collections.abc import Sequence
from datetime import timedelta

from callboard.domain.errors import UnknownThing
from callboard.domain.org.principal import Principal
from callboard.engine.performance import Axis, Comparison, Performance, compare, performance
from callboard.ports.event_store import AttemptsWanted
from callboard.usecases.app import App, seen_spaces


async def measure(
    app: App,
    who: Principal,
    axes: Sequence[Axis] = ("agent",),
    *,
    space: str | None = None,
    agent: str | None = None,
    days: float = 30,
) -> list[Performance]:
    """Return the performance of the last days in the spaces that somebody sees."""
    spaces = seen_spaces(who, "usage.read", (space,) if space is not None else None)
    since = app.ports.clock.now() - timedelta(days=days)
    wanted = AttemptsWanted(spaces=spaces, since=since, agent=agent)
    return performance(await app.ports.store.attempts(wanted), axes)


async def compare_versions(
    app: App, who: Principal, agent: str, before: str, after: str, *, days: float = 365
) -> Comparison:
    """Compare two versions of an agent by the beginnings of their digests.

    Raises:
        UnknownThing: one of them did nothing in this time, or several begin so.
    """
    seen_spaces(who, "usage.read")
    lines = await measure(app, who, ("version",), agent=agent, days=days)
    return compare(_the_one(lines, agent, before), _the_one(lines, agent, after))


def _the_one(lines: Sequence[Performance], agent: str, version: str) -> Performance:
    found = [line for line in lines if line.key[0].startswith(f"{agent}@{version}")]
    if len(found) != 1:
        known = ", ".join(line.key[0] for line in lines) or "none"
        raise UnknownThing(
            f"no single version {version!r} of {agent} worked; those that did: {known}"
        )
    return found[0]
