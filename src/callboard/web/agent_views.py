"""Agents as screens show them: one vocabulary of states, rows of numbers in words, filters and sorting."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from callboard.domain.definition.agent import AgentDefinition
from callboard.usecases.at_work import AtWork, Availability
from callboard.usecases.models import as_named
from callboard.usecases.models import provider_of as serving
from callboard.web.render.charts.lines import spark
from callboard.web.render.words import NOTHING, percent, span, usd

STATES: Final[dict[Availability, tuple[str, str]]] = {
    "working": ("working", "Working"),
    "idle": ("queued", "Idle"),
    "paused": ("paused", "Paused"),
    "attention": ("failed", "Needs attention"),
    "draft": ("queued", "Draft"),
    "retired": ("cancelled", "Retired"),
}
"""For each state its mark in the vocabulary of all pages, and its word."""

_CLAUSE: Final = re.compile(r"[.:;](?:\s|$)")
COLUMNS: Final = (
    ("name", "Agent", ""),
    ("state", "State", ""),
    ("model", "Model", ""),
    ("tasks", "Tasks 30 d", "num"),
    ("success", "Success", "num"),
    ("cost", "Cost / task", "num"),
    ("cycle", "Cycle", "num"),
    ("spend", "Spend 14 d", ""),
    ("active", "Last active", ""),
)


def _cost(one: AtWork) -> float | None:
    cost = one.line.per_accepted_usd if one.line else None
    return None if cost is None else float(cost)


_SORTS: Final[dict[str, Callable[[AtWork], float | str | None]]] = {
    "name": lambda one: one.listed.version.definition.display_name.casefold(),
    "state": lambda one: list(STATES).index(one.availability),
    "model": lambda one: one.listed.version.definition.model,
    "tasks": lambda one: -(one.line.tasks if one.line else 0),
    "success": lambda one: -one.line.acceptance.value if one.line and one.line.acceptance else None,
    "cost": _cost,
    "cycle": lambda one: one.line.median_s if one.line else None,
    "spend": lambda one: -sum(one.spend),
    "active": lambda one: -one.last_active.timestamp() if one.last_active else None,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks at the roster: what they search for, in which state, of which provider, sorted by what."""

    text: str = ""
    status: str = ""
    provider: str = ""
    sort: str = "name"

    def address(self, **changed: str) -> str:
        """Return the address of the roster looked at like this, but for what is changed."""
        asked = {
            "q": self.text,
            "status": self.status,
            "provider": self.provider,
            "sort": self.sort,
        }
        asked = {name: value for name, value in (asked | changed).items() if value}
        if asked.get("sort") == "name":
            del asked["sort"]
        return f"/agents?{urlencode(asked)}" if asked else "/agents"


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent in a row of the roster."""

    id: str
    name: str
    role: str
    version: int
    versions: int
    state: str
    words: str
    told: str
    model: str
    beneath: str
    tasks: str
    success: str
    n: str
    cost: str
    cycle: str
    spend: Markup
    last_active: datetime | None


def provider_of(definition: AgentDefinition) -> str:
    """Return who serves an agent's model; of a name that stands for others, what kind of name it is."""
    kind = definition.model.partition("/")[0]
    return kind if kind in ("alias", "chain") else serving(as_named(definition))


def looked_at(agents: Sequence[AtWork], look: Look) -> list[AtWork]:
    """Return the agents that somebody looks for, in the order that they want."""
    found = [
        one
        for one in agents
        if (not look.status or one.availability == look.status)
        and (not look.provider or provider_of(one.listed.version.definition) == look.provider)
        and _says(one, look.text)
    ]
    key = _SORTS.get(look.sort, _SORTS["name"])
    known = [one for one in found if key(one) is not None]
    unknown = [one for one in found if key(one) is None]
    return sorted(known, key=lambda one: (key(one), one.listed.agent.id)) + unknown


def row_of(one: AtWork) -> AgentRow:
    """Return an agent as a row."""
    definition, agent = one.listed.version.definition, one.listed.agent
    state, words = STATES[one.availability]
    busy = f" {one.under_way}" if one.under_way and one.availability == "working" else ""
    line = one.line
    return AgentRow(
        id=agent.id,
        name=definition.display_name,
        role=role_of(definition),
        version=one.listed.version.number,
        versions=agent.latest,
        state=state,
        words=words + busy,
        told=workload(one),
        model=definition.model,
        beneath=definition.credential or provider_of(definition),
        tasks=f"{line.tasks:,}" if line else NOTHING,
        success=percent(line.acceptance.value) if line and line.acceptance else NOTHING,
        n=f"n = {line.settled:,}" if line else "",
        cost=usd(line.per_accepted_usd) if line and line.per_accepted_usd is not None else NOTHING,
        cycle=span(line.median_s) if line else NOTHING,
        spend=spark(one.spend, f"{usd(sum(one.spend))} in 14 days") if one.spend else Markup(""),
        last_active=one.last_active,
    )


def role_of(definition: AgentDefinition, longest: int = 70) -> str:
    """Return what an agent is for, in a few words: the first sentence of what others are told of it."""
    told = " ".join((definition.spawner_prompt or "").split())
    first = _CLAUSE.split(told, maxsplit=1)[0].strip()
    if first:
        return first if len(first) <= longest else f"{first[: longest - 1]}…"
    return ", ".join(definition.skills)


def workload(one: AtWork) -> str:
    """Return what an agent does now, in words: runs, what waits, how much it may do at a time, its trial."""
    parts: list[str] = []
    if one.reason and one.availability == "attention":
        parts.append(one.reason)
    bound = one.listed.agent.at_once
    if one.under_way and bound:
        parts.append(f"{one.under_way} of {bound} at a time")
    if one.waiting:
        parts.append(f"{one.waiting} waiting for somebody")
    trial = one.listed.agent.trial
    if trial is not None:
        parts.append(f"v{trial.version} on trial, {trial.share:.0%}")
    return " · ".join(parts)


def _says(one: AtWork, text: str) -> bool:
    if not text:
        return True
    definition = one.listed.version.definition
    said = (
        definition.id,
        definition.display_name,
        definition.model,
        role_of(definition),
        *definition.skills,
    )
    return all(word in " ".join(said).casefold() for word in text.casefold().split())
