"""The page of a thread: a window of its rows, what is beside and around it, and what one can do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from callboard.domain.org.task import TaskRecord
from callboard.domain.run_row import RunRow, RunStatus
from callboard.domain.usage import Bill
from callboard.engine.thread.questions import Option, Question, questions_in
from callboard.ports.threads import Window
from callboard.usecases.gates import OpenGate
from callboard.usecases.runs import TERMINAL
from callboard.usecases.thread_facts import Facts
from callboard.usecases.time_travel import Stand
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.render import invisible, words
from callboard.web.thread_look import FILTERS, Wanted
from callboard.web.thread_rows import Ways

PARTS: Final = {"rows": "thread_rows.html", "around": "thread_around.html"}
"""What a script asks for, by the template."""
STATES: Final[dict[RunStatus, tuple[str, str]]] = {
    "running": ("working", "Working"),
    "waiting": ("mine", "Waiting for you"),
    "completed": ("done", "Done"),
    "failed": ("failed", "Failed"),
    "cancelled": ("cancelled", "Cancelled"),
}
STOPPED: Final = ("paused", "Stopped")
"""How it is said that a run would go on and nobody drives it."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that can be done about a run: `reason` says why not, where it cannot."""

    reason: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether it can."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the runs of a task."""

    number: int
    run_id: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ThreadPage(Page):
    """A thread. `base` is its address, `task` the task that it is of, `gate` what waits to be decided."""

    template = "thread.html"
    section = "runs"
    base: str
    name: str
    task: TaskRecord | None
    facts: Facts
    rows: Sequence[Markup]
    window: Window
    wanted: Wanted
    strip: Markup
    gate: OpenGate | None
    attempts: Sequence[Attempt]
    cancel: Doing
    fork: Doing
    resume: Doing
    retry: Doing
    say: Doing
    decide: Doing
    stand: Stand | None = None
    stand_diff: Markup = field(default_factory=Markup)
    hide_idle: bool = False
    wrong: str = ""
    wrong_fork: str = ""
    typed: Mapping[str, str] = field(default_factory=Typed)

    @property
    def title(self) -> str:
        """The heading."""
        return self.name

    @property
    def run(self) -> RunRow:
        """The run that the thread is of."""
        return self.facts.run

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.run.status in TERMINAL

    @property
    def is_latest(self) -> bool:
        """Whether it is the page of a task as such, which shows its latest run."""
        return self.task is not None and self.base == f"/tasks/{self.task.key}"

    @property
    def state(self) -> tuple[str, str]:
        """The state word's class and the word."""
        found = STOPPED if self.facts.is_stopped else STATES[self.run.status]
        theirs = self.run.status == "waiting" and not self.decide.is_possible
        return ("waiting", "Waiting for others") if theirs else found

    @property
    def at_end(self) -> bool:
        """Whether the last row there is, is on the page."""
        return not self.window.newer

    @property
    def question(self) -> Markup:
        """What is to be decided, with everything in it to be seen."""
        asked = "" if self.gate is None else self.gate.gate.question.split("\n{")[0]
        if self.questions:
            asked = f"{asked} {self.questions[0].text}"
        return invisible.one_line(asked, 300)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What an agent asks in its own words."""
        asks = self.gate is not None and self.gate.gate.reason == "input_required"
        return questions_in(self.gate.gate.arguments) if self.gate is not None and asks else ()

    @property
    def options(self) -> tuple[Option, ...]:
        """The answers that are one press away: those of a single question that takes one."""
        if len(self.questions) != 1 or self.questions[0].several:
            return ()
        return self.questions[0].options[:4]

    @property
    def asker(self) -> Markup:
        """Which agent asks; nothing where the task itself does."""
        if self.gate is None or self.gate.row.kind != "agent":
            return Markup()
        return invisible.one_line(self.gate.row.title, 80)

    def line(self, text: str) -> Markup:
        """Return a text that an agent or a repository chose, on a line, with everything in it to be seen."""
        return invisible.one_line(text, 300)

    @property
    def foot_of(self) -> str:
        """What the bar at the foot is about: as long as that is the same, what is typed there stays."""
        if self.gate is not None:
            return f"{self.gate.gate.digest}{len(self.gate.approvals)}"
        return self.say.reason or "say"

    @property
    def filters(self) -> list[tuple[str, str, str]]:
        """The filters as links with their counts."""
        counts = self.facts.course.counts
        found: list[tuple[str, str, str]] = []
        for show, (name, facet) in FILTERS.items():
            query = Wanted(show, self.wanted.text).query()
            found.append(
                (f"{self.base}?{query}" if query else self.base, name, f"{counts[facet]:,}")
            )
        return found

    @property
    def filter_name(self) -> str:
        """The filter in use."""
        return FILTERS[self.wanted.show][0]

    @property
    def older(self) -> str:
        """The address of the rows before these; empty where there are none."""
        query = self.wanted.query(before=self.window.first)
        return f"{self.base}?{query}" if self.window.older else ""

    @property
    def newer(self) -> str:
        """The address of the rows behind these; empty where there are none."""
        query = self.wanted.query(after=self.window.last)
        return f"{self.base}?{query}" if self.window.newer else ""

    @property
    def spent(self) -> str:
        """What was spent, as people read it."""
        return Ways.bill(
            Bill(known_usd=self.facts.spent_usd, has_unknown=self.facts.is_partly_unknown)
        )

    @property
    def share(self) -> float:
        """How much of the budget is spent: 1 is all of it."""
        limit = self.facts.limit_usd
        return float(self.facts.spent_usd / limit) if limit else 0.0

    @property
    def tokens(self) -> str:
        """Tokens in and out."""
        return words.tokens(self.facts.usage.input_tokens, self.facts.usage.output_tokens)

    @property
    def took(self) -> str:
        """How long it took so far."""
        return words.span(self.facts.seconds)

    def span(self, seconds: float | None) -> str:
        """Return a length of time for people."""
        return words.span(seconds)

    @property
    def step_costs(self) -> list[tuple[str, str]]:
        """Steps that cost something, and how much."""
        costly = [one for one in self.facts.steps if one.bill != Bill()]
        return [(one.title, Ways.bill(one.bill)) for one in costly]

    @property
    def at_most(self) -> str:
        """What another run like it may cost at most."""
        limit = self.facts.limit_usd
        return (
            f"at most {words.usd(limit)}"
            if limit is not None
            else "as much as its agents' own limits allow"
        )

    @property
    def evidence(self) -> str:
        """What a decision rests on, in a line."""
        facts = self.facts
        said = [f"{len(facts.files):,} file{'' if len(facts.files) == 1 else 's'} changed"]
        if facts.failures:
            said.append(f"{facts.failures:,} failure{'' if facts.failures == 1 else 's'}")
        return " · ".join([*said, f"{self.spent} spent"])


@dataclass(frozen=True, slots=True)
class TaskThreadPage(ThreadPage):
    """The thread of a task's run: it belongs to the tasks."""

    section = "tasks"
