"""What the screens of the inbox show."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from markupsafe import Markup
from pydantic import JsonValue

from callboard.domain.events.gate import GateOpened
from callboard.domain.org.inbox import Deputy
from callboard.engine.inbox import Entry, Item
from callboard.usecases.gates import OpenGate
from callboard.web.evidence import Evidence
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.render import words
from callboard.web.render.invisible import marked

_KINDS: Final = {
    "sign_off": "Sign-off",
    "approval": "Approval",
    "question": "Question",
    "outcome": "Unknown outcome",
    "budget": "Budget",
    "failure": "Failed",
    "mention": "Mention",
}
_TASK: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}-[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of an agent: its number, its words, its topic, and what can be chosen."""

    number: int
    text: str
    header: str
    options: Sequence[tuple[str, str]]
    several: bool


@dataclass(frozen=True, slots=True)
class InboxPage(Page):
    """Entries, best dealt with in this order. `typed` is what was typed at the gate `at_run`, `wrong` what is wrong with
    it.
    """

    template = "inbox.html"
    section = "inbox"
    entries: Sequence[Entry]
    archived: bool
    counts: tuple[int, int]
    gates: Mapping[str, OpenGate]
    deputies: int
    at_run: str = ""
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Inbox"

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """What waits, and what was put away."""
        waiting, away = self.counts
        return [
            ("/inbox", "Waiting", str(waiting)),
            ("/inbox?show=archived", "Put away", str(away)),
        ]

    @property
    def view(self) -> str:
        """Which of them it is."""
        return "Put away" if self.archived else "Waiting"

    @property
    def can_choose(self) -> bool:
        """Whether there are several that can be approved at once."""
        return sum(self.approvable(item) for one in self.entries for item in one.items) > 1

    def approvable(self, item: Item) -> bool:
        """Return whether a plain approval decides about an item."""
        return item.kind in ("sign_off", "approval") and item.run_id in self.gates

    def kind(self, item: Item) -> str:
        """Return what an item is, in a word or two."""
        return _KINDS[item.kind]

    def mark(self, item: Item) -> str:
        """Return the class of an item's state word."""
        return {"failure": "failed", "mention": "queued"}.get(item.kind, "mine")

    def href(self, entry: Entry) -> str:
        """Return where an entry's thread is."""
        return f"/{'tasks' if _TASK.fullmatch(entry.key) else 'runs'}/{entry.key}"

    def spent(self, entry: Entry) -> str:
        """Return what was spent on an entry and what waits for it; empty where that is nothing."""
        return words.usd(entry.spent_usd) if entry.spent_usd else ""

    def gate(self, item: Item) -> GateOpened | None:
        """Return the gate that an item is about, if it is still open."""
        found = self.gates.get(item.run_id or "")
        return found.gate if found is not None and found.gate.digest == item.digest else None

    def questions(self, item: Item) -> list[Asked]:
        """Return what an agent asks."""
        gate = self.gate(item)
        return [] if gate is None else questions_of(gate)

    def call(self, item: Item) -> Markup:
        """Return the arguments of the call that waits, invisible characters shown."""
        gate = self.gate(item)
        if gate is None or gate.tool is None or gate.reason == "input_required":
            return Markup("")
        return _arguments(gate)

    def was_typed(self, item: Item, name: str) -> str:
        """Return what was typed at an item's gate before."""
        return self.typed[name] if self.at_run == item.run_id else ""


@dataclass(frozen=True, slots=True)
class EvidencePage(Page):
    """What speaks for and against a decision."""

    template = "evidence.html"
    section = "inbox"
    gate: OpenGate
    evidence: Evidence

    @property
    def title(self) -> str:
        """The heading."""
        return "Evidence"


@dataclass(frozen=True, slots=True)
class DeputiesPage(Page):
    """Who stands in for whom."""

    template = "deputies.html"
    section = "inbox"
    mine: Sequence[Deputy]
    of_others: Sequence[Deputy]
    people: Sequence[tuple[str, str]]
    names: Mapping[str, str]
    now: datetime
    typed: Typed = field(default_factory=Typed)
    wrong: str = ""

    @property
    def title(self) -> str:
        """The heading."""
        return "Deputies"

    def standing(self, deputy: Deputy) -> tuple[str, str]:
        """Return the state word's class and the word of a deputy's time."""
        if deputy.holds(self.now):
            return "working", "Now"
        return ("queued", "Later") if deputy.since > self.now else ("cancelled", "Over")


def questions_of(gate: GateOpened) -> list[Asked]:
    """Return what an agent asks at a gate, in a form for people."""
    raw = (gate.arguments or {}).get("questions")
    if gate.reason != "input_required" or not isinstance(raw, list):
        return []
    found: list[Asked] = []
    for number, one in enumerate(raw):
        if isinstance(one, dict):
            options = one.get("options")
            listed = options if isinstance(options, list) else []
            found.append(
                Asked(
                    number,
                    str(one.get("question") or ""),
                    str(one.get("header") or ""),
                    [_option(each) for each in listed],
                    bool(one.get("multiSelect")),
                )
            )
    return found


def _option(value: JsonValue) -> tuple[str, str]:
    if isinstance(value, dict):
        return str(value.get("label") or ""), str(value.get("description") or "")
    return str(value), ""


def _arguments(gate: GateOpened) -> Markup:
    lines = [
        Markup("<div><dt>{}</dt><dd><code>{}</code></dd></div>").format(name, marked(_text(value)))
        for name, value in (gate.arguments or {}).items()
        if value is not None
    ]
    return Markup("").join(lines)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else str(value)
