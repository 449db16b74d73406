"""Casting from the roster, and from the definitions at hand for what the roster does not have."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callboard.domain.attempt_row import Attempt
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.definition.references import AgentReference, parse_reference
from callboard.domain.definition.serving import served_by
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.roster import (
    ROSTER,
    ROSTER_VERSIONS,
    RosterAgent,
    RosterVersion,
    version_key,
)
from callboard.domain.org.space import SPACES
from callboard.engine.budgets import ORGANISATION, space_account
from callboard.engine.credentials import asker_of
from callboard.engine.pacing import RUNS_ON, Ask, hindrance_of, limit_name
from callboard.engine.tasks.routing import Candidate
from callboard.engine.tasks.shares import version_for
from callboard.engine.tasks.track_record import LATELY, track_record
from callboard.engine.words import exact_dollars
from callboard.ports.budgets import Budgets
from callboard.ports.casting import Part
from callboard.ports.clock import Clock
from callboard.ports.event_store import AttemptsWanted, EventStore, RunsWanted
from callboard.ports.limiter import Limiter
from callboard.ports.model import ModelDirectory, ModelNames
from callboard.ports.records import Records
from callboard.ports.registry import AgentRegistry

_MOST_RUNNING = 10_000


@dataclass(frozen=True, slots=True)
class CastingSources:
    """What casting looks at."""

    records: Records
    registry: AgentRegistry
    models: ModelDirectory
    names: ModelNames
    store: EventStore
    budgets: Budgets
    limiter: Limiter
    clock: Clock
    runs_at: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many runs of agents may be under way on a provider, by its name."""


class RosterCasting:
    """`callboard.ports.casting.Casting` over the roster. An agent in scope hides a namesake that is no part of the
    roster; one that plays in other spaces only hides nothing.
    """

    def __init__(self, sources: CastingSources) -> None:
        self._from = sources

    async def candidates(self, part: Part) -> Sequence[Candidate]:
        """See `ports.casting.Casting`."""
        found = await (self._named(part, part.agent) if part.agent else self._skilled(part))
        if not found:
            return ()
        attempts = await self._attempts(part)
        running = await self._running()
        spent = await self._spent(part.space)
        return [await self._judged(one, attempts, running, spent, part.space) for one in found]

    async def agent_room(self, definition: AgentDefinition) -> Sequence[Ask]:
        """See `ports.casting.Casting`."""
        bounds = {limit_name("agent", asker_of(definition).agent): await self._at_once(definition)}
        if self._from.runs_at:
            provider = await self._provider(definition)
            bounds[f"{RUNS_ON}:{provider}"] = self._from.runs_at.get(provider)
        return await self._bounded(bounds)

    async def task_room(self, space: str) -> Sequence[Ask]:
        """See `ports.casting.Casting`."""
        kept = await self._from.records.get(SPACES, space)
        bound = None if kept is None else kept.value.at_once
        return await self._bounded({limit_name("space", space): bound})

    async def _at_once(self, definition: AgentDefinition) -> int | None:
        """Return how many runs the roster lets an agent have at a time; None: it does not say."""
        if definition.publisher is not None:
            return None
        kept = await self._from.records.get(ROSTER, definition.id)
        return None if kept is None else kept.value.at_once

    async def _bounded(self, bounds: Mapping[str, int | None]) -> list[Ask]:
        limited = await self._from.limiter.limited(tuple(bounds))
        return [
            Ask(name, bound)
            for name, bound in bounds.items()
            if bound is not None or name in limited
        ]

    async def _provider(self, definition: AgentDefinition) -> str:
        """Return who serves the model that is asked first."""
        try:
            chain = await self._from.names.chain(definition)
        except ConfigurationInvalid:
            chain = ()
        first = chain[0] if chain else ModelChoice(model=definition.model)
        return served_by(first.applied_to(definition).provider, first.model)

    async def _named(self, part: Part, reference: str) -> list["_Found"]:
        wanted = parse_reference(reference)
        kept = None
        if wanted is not None and wanted.publisher is None:
            kept = await self._from.records.get(ROSTER, wanted.id)
        if kept is not None and kept.value.plays_in(part.space) and _is_own(wanted):
            return [await self._from_roster(kept.value, part, wanted and wanted.version)]
        definition = await self._from.registry.get(reference)
        return [] if definition is None else [_at_hand(definition)]

    async def _skilled(self, part: Part) -> list["_Found"]:
        wanted = set(part.skills)
        agents = [kept.value for kept in await self._from.records.find(ROSTER)]
        here = [agent for agent in agents if agent.plays_in(part.space)]
        found = [
            await self._from_roster(agent, part, None) for agent in here if agent.state != "retired"
        ]
        names = {agent.id for agent in here}
        known = await self._from.registry.all()
        found += [_at_hand(one) for one in known if one.id not in names]
        return [one for one in found if wanted <= set(one.definition.skills)]

    async def _from_roster(self, agent: RosterAgent, part: Part, pin: str | None) -> "_Found":
        """Return an agent in the version that plays here, or one that shows what it is, with why it does not."""
        number = int(pin) if pin and pin.isdecimal() else version_for(agent, part.task)
        version = None if number is None else await self._version(agent, number)
        against = _against(agent)
        if not against and number is None and agent.trial is not None:
            against = f"is on trial with {agent.trial.share:.0%} of the tasks, not with this one"
        if not against and version is None:
            against = f"has no version {number}"
        shown = version or await self._version(agent, agent.live or agent.latest)
        if shown is None:
            raise ConfigurationInvalid(f"agent {agent.id} has lost its versions; save it again")
        tried = agent.trial is not None and not pin and number == agent.trial.version
        note = "on trial" if tried else ""
        return _Found(shown.definition, str(shown.number), against, note, agent.at_once)

    async def _version(self, agent: RosterAgent, number: int) -> RosterVersion | None:
        kept = await self._from.records.get(ROSTER_VERSIONS, version_key(agent.id, number))
        return None if kept is None else kept.value

    async def _attempts(self, part: Part) -> list[Attempt]:
        """Return what was done lately at this step of tasks of the space."""
        since = self._from.clock.now() - LATELY
        wanted = AttemptsWanted(spaces=(part.space,), since=since)
        found = await self._from.store.attempts(wanted)
        return [one for one in found if one.step == part.step]

    async def _running(self) -> Counter[str]:
        wanted = RunsWanted(root_only=False, statuses=("running",), limit=_MOST_RUNNING)
        rows = await self._from.store.rows(wanted)
        return Counter(row.subject for row in rows if row.kind == "agent")

    async def _spent(self, space: str) -> str:
        """Return whose budget is spent, if any: then nobody can begin."""
        whose = {ORGANISATION: "the organisation", space_account(space): f"space {space}"}
        for one in await self._from.budgets.standings():
            if one.account in whose and one.left_usd <= 0:
                return (
                    f"the budget of {whose[one.account]} is spent ({exact_dollars(one.limit_usd)})"
                )
        return ""

    async def _judged(
        self,
        found: "_Found",
        attempts: Sequence[Attempt],
        running: Counter[str],
        spent: str,
        space: str,
    ) -> Candidate:
        definition, load = found.definition, running[found.definition.id]
        hindrance = found.against or await self._crowded(found, load)
        hindrance = hindrance or spent or await self._unreachable(definition, space)
        record = track_record(attempts, definition.digest)
        return Candidate(
            definition,
            found.version,
            hindrance,
            found.note,
            record.accepted,
            record.finished,
            record.cost_usd,
            load,
        )

    async def _crowded(self, found: "_Found", load: int) -> str:
        """Return why no further run of an agent can begin now; nothing where one can."""
        if found.at_once is not None and load >= found.at_once:
            return f"is busy: {load} of {found.at_once} runs"
        full = await self._from.limiter.look(await self.agent_room(found.definition))
        return "" if full is None else hindrance_of(full)

    async def _unreachable(self, definition: AgentDefinition, space: str) -> str:
        """Return why no model of an agent can be asked; nothing where one can."""
        if definition.handle_steps is not None:  # a program may never ask the model
            return ""
        try:
            chain = await self._from.names.chain(definition)
        except ConfigurationInvalid as error:
            return str(error)
        reason = ""
        for choice in chain or (ModelChoice(model=definition.model),):
            try:
                await self._from.models.provider_for(
                    choice.applied_to(definition), choice.model, space=space
                )
            except ConfigurationInvalid as error:
                reason = reason or str(error)
            else:
                return ""
        return reason


@dataclass(frozen=True, slots=True)
class _Found:
    """An agent with what is known before anything is measured."""

    definition: AgentDefinition
    version: str
    against: str = ""
    note: str = ""
    at_once: int | None = None


def _at_hand(definition: AgentDefinition) -> _Found:
    return _Found(definition, definition.version or definition.digest[:12])


def _is_own(wanted: AgentReference | None) -> bool:
    """Return whether a reference can mean a version of the roster: one with three numbers was published."""
    version = wanted.version if wanted is not None else None
    return version is None or version == "latest" or version.isdecimal()


def _against(agent: RosterAgent) -> str:
    match agent.state:
        case "live" | "trial":
            return ""
        case "draft":
            return "is a draft"
        case _:
            return f"is {agent.state}"
