"""One search over everything that somebody may see: for the palette and the page of results."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from rapidfuzz import fuzz

from callboard.domain.org.people import PEOPLE
from callboard.domain.org.principal import Principal, Resource
from callboard.domain.org.roster import ROSTER
from callboard.domain.org.space import SPACES
from callboard.domain.org.task import TASKS
from callboard.engine.authority import Action, may
from callboard.ports.event_store import RunsWanted
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.persons import open_to
from callboard.usecases.roster_reading import list_roster
from callboard.usecases.workflows import list_workflows

FoundKind = Literal["task", "run", "agent", "workflow", "person", "space", "command"]

_SEEN_BY: Final[dict[str, Action]] = {
    "space": "space.read",
    "agent": "agent.read",
    "workflow": "workflow.read",
    "person": "org.read",
    "task": "task.read",
    "run": "run.read",
}
"""The action that somebody must be allowed somewhere to find things of a kind at all."""
LONGEST: Final = 200
"""How many characters of a question count."""
_RUNS: Final = 1_000
_NEAR: Final = 78.0
"""How alike a word must be, of 100, to count for one that was misspelt."""
_ENDED: Final = 0.97
"""What is over comes after what is not, where both fit as well."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do or a place to go to, for whoever may take its action somewhere."""

    id: str
    title: str
    action: Action
    words: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that fits. `key` names it within its kind, `detail` says what tells it from others; `score` is
    between 0 and 1.
    """

    kind: FoundKind
    key: str
    title: str
    detail: str
    score: float


_Alike = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    kind: FoundKind
    key: str
    title: str
    detail: str = ""
    words: str = ""
    weight: float = 1.0


async def search(
    app: App,
    who: Principal,
    question: str,
    *,
    commands: Sequence[Command] = (),
    kinds: frozenset[str] = frozenset(),
    limit: int = 20,
) -> list[Found]:
    """Return what fits a question best, the best first: by key, by the beginnings of words, by parts of them, and by
    words that are nearly the same. An empty question finds the commands.

    Args:
        app: where it is looked.
        who: only what they may see is found.
        question: words; each must fit. What is beyond 200 characters does not count.
        commands: what can be done.
        kinds: of what kinds; none named: of all.
        limit: how much is returned at most.
    """
    looked_for = _required_kinds(who, kinds)
    words = question[:LONGEST].casefold().split()
    found: list[Found] = []
    alike = cache(_alike)  # titles have words in common
    for one in await _candidates(app, who, commands, looked_for):
        score = _score(one, words, alike) if words else float(one.kind == "command")
        if score > 0:
            found.append(Found(one.kind, one.key, one.title, one.detail, score))
    found.sort(key=lambda one: (-one.score, len(one.title), one.kind, one.key))
    return found[:limit]


def _required_kinds(who: Principal, kinds: frozenset[str]) -> list[str]:
    """Return those of the kinds that somebody may look for anywhere at all."""
    wanted = kinds or _SEEN_BY.keys() | {"command"}
    return [
        kind
        for kind in wanted
        if kind == "command" or (kind in _SEEN_BY and _may_somewhere(who, _SEEN_BY[kind]))
    ]


async def _candidates(
    app: App, who: Principal, commands: Sequence[Command], kinds: Collection[str]
) -> list[_Candidate]:
    ways = {
        "command": lambda: _commands(who, commands),
        "space": lambda: _spaces(app, who),
        "agent": lambda: _agents(app, who),
        "workflow": lambda: _workflows(app, who),
        "person": lambda: _people(app, who),
        "task": lambda: _tasks(app, who),
        "run": lambda: _runs(app, who),
    }
    found: list[_Candidate] = []
    for kind, look in ways.items():
        if kind in kinds:
            found += await look()
    return found


async def _commands(who: Principal, commands: Sequence[Command]) -> list[_Candidate]:
    return [
        _Candidate("command", one.id, one.title, words=one.words)
        for one in commands
        if _may_somewhere(who, one.action)
    ]


async def _spaces(app: App, who: Principal) -> list[_Candidate]:
    wanted = Wanted(spaces=open_to(who, "space.read"), states=("open",))
    found = [kept.value for kept in await app.records.find(SPACES, wanted)]
    return [_Candidate("space", one.id, one.name, one.prefix) for one in found]


async def _agents(app: App, who: Principal) -> list[_Candidate]:
    if not _may_somewhere(who, "agent.read") or not await app.records.find(ROSTER, Wanted(limit=1)):
        return []
    return [
        _Candidate(
            "agent",
            one.agent.id,
            one.version.definition.display_name,
            one.agent.state,
            " ".join(one.version.definition.skills),
            _ENDED if one.agent.state == "retired" else 1.0,
        )
        for one in await list_roster(app, who)
    ]


async def _workflows(app: App, who: Principal) -> list[_Candidate]:
    if not may(who, "workflow.read"):
        return []
    found = await list_workflows(app, who)
    return [
        _Candidate("workflow", one.definition.id, one.definition.title, one.space or "")
        for one in found
    ]


async def _people(app: App, who: Principal) -> list[_Candidate]:
    if not may(who, "org.read"):
        return []
    found = [kept.value for kept in await app.records.find(PEOPLE)]
    return [
        _Candidate(
            "person", one.id, one.name, one.role, one.email or "", 1.0 if one.active else _ENDED
        )
        for one in found
    ]


async def _tasks(app: App, who: Principal) -> list[_Candidate]:
    wanted = Wanted(spaces=open_to(who, "task.read"))
    found = [kept.value for kept in await app.records.find(TASKS, wanted)]
    return [
        _Candidate(
            "task",
            one.key,
            one.title,
            one.state.replace("_", " "),
            " ".join(one.labels),
            1.0 if one.ended_at is None else _ENDED,
        )
        for one in found
    ]


async def _runs(app: App, who: Principal) -> list[_Candidate]:
    """Return the latest runs that belong to no task: those of tasks are found with them."""
    wanted = RunsWanted(spaces=open_to(who, "run.read"), limit=_RUNS)
    rows = await app.ports.store.rows(wanted)
    return [
        _Candidate("run", row.run_id, row.title, row.status, row.subject, _ENDED)
        for row in rows
        if row.task is None
    ]


def _may_somewhere(who: Principal, action: Action) -> bool:
    return may(who, action) or any(may(who, action, Resource(space=space)) for space in who.spaces)


def _score(one: _Candidate, words: Sequence[str], alike: _Alike) -> float:
    """Return how well something fits: the worst of its words counts."""
    key, title = one.key.casefold(), one.title.casefold()
    if len(words) == 1 and words[0] == key:
        return 1.0
    texts = [*title.split(), *key.replace("-", " ").split(), key]
    more = one.words.casefold().split()
    whole = 0.04 if title.startswith(" ".join(words)) else 0.0
    return (min(_fits(word, texts, more, alike) for word in words) + whole) * one.weight


def _fits(word: str, texts: Iterable[str], more: Iterable[str], alike: _Alike) -> float:
    best = max([alike(word, text) for text in texts], default=0.0)
    return max(best, 0.8 * max([alike(word, text) for text in more], default=0.0))


def _alike(word: str, text: str) -> float:
    """Return how a word fits one of a text: 0.95 the same, 0.9 its beginning, 0.7 a part of it, less where it is
    misspelt.
    """
    if word == text:
        return 0.95
    if text.startswith(word):
        return 0.9
    if len(word) > 2 and word in text:
        return 0.7
    if len(word) < 4 or abs(len(word) - len(text)) > 3:
        return 0.0
    alike = fuzz.ratio(word, text, score_cutoff=_NEAR)
    return 0.6 * alike / 100
