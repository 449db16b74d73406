"""Deputies: who decides while somebody is away."""

from datetime import datetime

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.org.inbox import DEPUTIES, Deputy
from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.record import Kept
from callboard.engine.authority import in_scope
from callboard.usecases.app import App, NotAllowed, require, require_run
from callboard.usecases.checked import checked
from callboard.usecases.people import principal_of
from callboard.usecases.persons import require_person
from callboard.usecases.recording import existing, write


async def name_deputy(
    app: App, who: Principal, deputy: str, *, until: datetime, since: datetime | None = None
) -> Deputy:
    """Let somebody decide in one's own place for a while, from now on where no other beginning is given.

    The deputy sees only the spaces that are open to them anyway.

    Raises:
        UnknownThing: there is no such person.
        ConfigurationInvalid: it is oneself, or the time is over before it begins.
    """
    person = require_person(who, "inbox.manage")
    for name in (person.name, deputy):
        kept = await existing(app, PEOPLE, name, "see `callboard people list`")
        if not kept.value.active:
            raise ConfigurationInvalid(f"{name} is not active any more")
    now = app.ports.clock.now()
    begins = since or now
    if deputy == person.name:
        raise ConfigurationInvalid("nobody is their own deputy; name somebody else")
    if until <= max(begins, now):
        raise ConfigurationInvalid(f"the time ends ({until:%Y-%m-%d %H:%M}) before it begins")
    named = checked(Deputy, person=person.name, deputy=deputy, since=begins, until=until)
    before = await app.records.get(DEPUTIES, f"{person.name}/{deputy}")
    await write(app, who, "gate.decide", DEPUTIES.put(named, over=before))
    return named


async def list_deputies(app: App, who: Principal) -> list[Deputy]:
    """Return whom somebody named, and who named them, also for times that are over."""
    person = require_person(who).name
    found = [kept.value for kept in await app.records.find(DEPUTIES)]
    return [one for one in found if person in (one.person, one.deputy)]


async def remove_deputy(app: App, who: Principal, deputy: str) -> None:
    """Take a deputy's right away.

    Raises:
        UnknownThing: they are no deputy of one's own.
    """
    person = require_person(who, "inbox.manage")
    kept = await _named(app, person.name, deputy)
    if kept is None:
        raise UnknownThing(f"{deputy} is no deputy of yours (see `callboard inbox deputy list`)")
    await write(app, who, "gate.decide", DEPUTIES.remove(kept))


async def represented(app: App, who: Principal) -> list[Principal]:
    """Return everybody in whose place somebody decides at this moment, with their rights."""
    person = require_person(who).name
    now = app.ports.clock.now()
    found: list[Principal] = []
    for kept in await app.records.find(DEPUTIES):
        named = kept.value
        if named.deputy == person and named.holds(now):
            principal = await principal_of(app, _actor_of(named))
            found += [principal] if principal is not None else []
    return found


async def require_decider(
    app: App, who: Principal, run_id: str, as_deputy_of: str | None = None
) -> Principal:
    """Return the one whose right to decide about a run is used: one's own, or that of whom one stands in for.

    Raises:
        UnknownThing: no such run, or none that they see.
        NotAllowed: they may not decide there, or are nobody's deputy.
    """
    if as_deputy_of is None:
        await require_run(app, who, "gate.decide", run_id)
        return who
    row = await require_run(app, who, "run.read", run_id)
    person = require_person(who)
    kept = await _named(app, as_deputy_of, person.name)
    if kept is None or not kept.value.holds(app.ports.clock.now()):
        raise NotAllowed(f"{person.name} is not {as_deputy_of}'s deputy at this time")
    authority = await principal_of(app, _actor_of(kept.value))
    if authority is None or not in_scope(who.scopes, "gate.decide"):
        raise NotAllowed(f"{person.name} may not decide for {as_deputy_of} here")
    require(authority, "gate.decide", in_space(row.space))
    return authority


async def _named(app: App, person: str, deputy: str) -> Kept[Deputy] | None:
    return await app.records.get(DEPUTIES, f"{person}/{deputy}")


def _actor_of(named: Deputy) -> Actor:
    return Actor(kind="person", name=named.person)
