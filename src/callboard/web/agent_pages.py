"""What the pages of one agent show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.org.roster import RosterAgent, RosterVersion
from callboard.domain.record import AuditEntry
from callboard.engine.authority import Action, may
from callboard.usecases.at_work import AtWork
from callboard.usecases.blast_radius import BlastRadius
from callboard.usecases.trials import TrialStanding
from callboard.web.agent_views import STATES, provider_of, role_of, workload
from callboard.web.page import Page


@dataclass(frozen=True, slots=True)
class AgentHead:
    """What stands above every page of an agent. `revision` is what it was when it was looked at; `manages` and
    `publishes` whether whoever looks may change it and move its versions: in all of its scope.
    """

    agent: RosterAgent
    version: RosterVersion
    name: str
    role: str
    state: str
    words: str
    told: str
    revision: int
    manages: bool
    publishes: bool

    @property
    def definition(self) -> AgentDefinition:
        """The definition in the version that counts."""
        return self.version.definition

    @property
    def provider(self) -> str:
        """Who serves its model."""
        return provider_of(self.version.definition)

    @property
    def standing(self) -> str:
        """What the version that counts is: live, on trial, or a draft."""
        if self.agent.live == self.version.number:
            return "live"
        trial = self.agent.trial
        return "on trial" if trial and trial.version == self.version.number else "draft"


def head_of(one: AtWork, who: Principal) -> AgentHead:
    """Return the head of an agent's pages, for somebody."""
    state, words = STATES[one.availability]
    definition = one.listed.version.definition
    return AgentHead(
        one.listed.agent,
        one.listed.version,
        definition.display_name,
        role_of(definition, longest=300),
        state,
        words,
        workload(one),
        one.listed.revision,
        _may(who, "agent.manage", one.listed.agent),
        _may(who, "agent.publish", one.listed.agent),
    )


def _may(who: Principal, action: Action, agent: RosterAgent) -> bool:
    return all(may(who, action, in_space(space)) for space in agent.spaces or (None,))


class AgentPage(Page):
    """A page of one agent: it has a `head`, and is one of the `tabs`."""

    __slots__ = ()
    section = "agents"
    tab: ClassVar[str] = ""
    head: AgentHead

    @property
    def title(self) -> str:
        """The agent's name."""
        return self.head.name

    @property
    def full_title(self) -> str:
        """The agent's name, and which of its pages this is."""
        return self.head.name if self.tab == "Overview" else f"{self.head.name}: {self.tab}"

    @property
    def tabs(self) -> Sequence[tuple[str, str, object]]:
        """The pages of an agent: address, words, count."""
        at = f"/agents/{self.head.agent.id}"
        return (
            (at, "Overview", ""),
            (f"{at}/config", "Configuration", ""),
            (f"{at}/versions", "Versions", self.head.agent.latest),
            (f"{at}/performance", "Performance", ""),
            (f"{at}/activity", "Activity", ""),
        )


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its name, and how it changed. `mood` is better, worse, or nothing."""

    name: str
    value: str
    change: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class WhatChanged:
    """What is different between two versions: numbers before and after, tools that came and went, the text."""

    before: int
    after: int
    numbers: Sequence[tuple[str, str, str]]
    added_tools: Sequence[str]
    removed_tools: Sequence[str]
    diff: Markup
    verdict: str


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A run of the agent: what for, how it stands, what it cost."""

    run_id: str
    task: str
    step: str
    space: str
    state: str
    words: str
    version: str
    cost: str
    took: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class OverviewPage(AgentPage):
    """An agent at a glance."""

    template = "agent.html"
    tab = "Overview"
    head: AgentHead
    tiles: Sequence[Tile]
    by_version: Markup
    changed: WhatChanged | None
    choices: Sequence[tuple[str, str]]
    under_way: Sequence[AttemptRow]
    others: Sequence[AgentDefinition] = ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with what is known of it. `live_at` is when it went live last, None: never."""

    number: int
    at: datetime
    live_at: datetime | None
    author: str
    note: str
    standing: str
    numbers: str
    n: str


@dataclass(frozen=True, slots=True)
class VersionsPage(AgentPage):
    """All versions of an agent, how a trial stands, and the workflows (with the step) that pin one of them."""

    template = "agent_versions.html"
    tab = "Versions"
    head: AgentHead
    rows: Sequence[VersionRow]
    choices: Sequence[tuple[str, str]]
    changed: WhatChanged | None
    can_go_back: bool
    trial: TrialStanding | None
    pins: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PerformancePage(AgentPage):
    """An agent's numbers over time."""

    template = "agent_performance.html"
    tab = "Performance"
    head: AgentHead
    days: int
    ranges: Sequence[tuple[str, str, str]]
    tiles: Sequence[Tile]
    charts: Sequence[Markup]


@dataclass(frozen=True, slots=True)
class ActivityPage(AgentPage):
    """What an agent did, and what was done to it. `entries` is None where the log is not for whoever looks."""

    template = "agent_activity.html"
    tab = "Activity"
    head: AgentHead
    rows: Sequence[AttemptRow]
    entries: Sequence[AuditEntry] | None
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """A past input that a version did again."""

    task: str
    run_id: str
    before: str
    after: str
    cost: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleasePage(AgentPage):
    """A version before it is made live or tried: what is different, what it touches."""

    template = "agent_release.html"
    tab = "Versions"
    head: AgentHead
    number: int
    changed: WhatChanged | None
    touches: BlastRadius
    replays: Sequence[ReplayRow] = ()
    refused: str = ""
    wrong: str = ""
