"""The page of a thread: a window of its rows, what is beside and around it, and what one can do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import in_space
from callboard.domain.org.task import TaskRecord
from callboard.domain.run_row import RunRow, RunStatus
from callboard.domain.thread_mark import BY_MODEL, BY_TOOL, DECISIONS, FAILURES
from callboard.domain.usage import Bill
from callboard.engine.authority import may
from callboard.engine.thread.questions import Option, Question, questions_in
from callboard.ports.threads import Window
from callboard.usecases.gates import OpenGate, gate_of
from callboard.usecases.runs import TERMINAL
from callboard.usecases.thread_facts import Facts, thread_facts
from callboard.usecases.threads import Part, thread_part
from callboard.usecases.time_travel import Stand, stand_at
from callboard.web.forms import Typed
from callboard.web.page import Page
from callboard.web.render import invisible, words
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff
from callboard.web.render.strip import StripMark, strip
from callboard.web.thread_look import AT_A_TIME, FILTERS, Wanted, number, wanted_of
from callboard.web.thread_rows import Ways, row_markup
from callboard.web.visit import Visit

PARTS: Final = {"rows": "thread_rows.html", "around": "thread_around.html"}
"""What a script asks for, by the template."""
STATES: Final[dict[RunStatus, tuple[str, str]]] = {
    "running": ("working", "Working"),
    "waiting": ("mine", "Waiting for you"),
    "completed": ("done", "Done"),
    "failed": ("failed", "Failed"),
    "cancelled": ("cancelled", "Cancelled"),
}


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
    retry: Doing
    say: Doing
    decide: Doing
    stand: Stand | None = None
    stand_diff: Markup = field(default_factory=Markup)
    hide_idle: bool = False
    wrong: str = ""
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
        found = STATES[self.run.status]
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


async def thread_page(
    at: Visit,
    run_id: str,
    base: str,
    *,
    task: TaskRecord | None = None,
    wrong: str = "",
    typed: Mapping[str, str] | None = None,
) -> ThreadPage:
    """Return the page of a run's thread.

    Raises:
        UnknownThing: no such run, or none that they may see.
    """
    wanted = await wanted_of(at, run_id)
    around_only = at.query("part") == "around"
    part = await thread_part(at.app, at.who, wanted.window(run_id, 1 if around_only else AT_A_TIME))
    facts = await thread_facts(at.app, at.who, run_id)
    gate = await _gate(at, facts)
    stand = await _stand(at, run_id)
    hide_idle = at.query("idle") == "hidden"
    kind = ThreadPage if task is None else TaskThreadPage
    return kind(
        base=base,
        name=task.title if task is not None else part.run.title,
        task=task,
        facts=facts,
        rows=[row_markup(row) for row in part.rows],
        window=part.window,
        wanted=wanted,
        strip=Markup() if around_only else _strip(part, facts, base, hide_idle=hide_idle),
        gate=gate,
        attempts=_attempts(task, run_id),
        **_doings(at, part.run, task),
        stand=stand,
        stand_diff=diff(files_of(stand.diff)) if stand is not None and stand.diff else Markup(),
        hide_idle=hide_idle,
        wrong=wrong,
        typed=typed or Typed(),
    )


async def _gate(at: Visit, facts: Facts) -> OpenGate | None:
    """Return what waits for a decision, in the run itself or below it."""
    for row in facts.runs:
        if row.status == "waiting" and (gate := await gate_of(at.app, row)) is not None:
            return gate
    return None


async def _stand(at: Visit, run_id: str) -> Stand | None:
    seq = number(at, "at")
    if seq is None:
        return None
    try:
        return await stand_at(at.app, at.who, run_id, seq)
    except CallboardError:
        return None


def _attempts(task: TaskRecord | None, run_id: str) -> list[Attempt]:
    if task is None:
        return []
    return [
        Attempt(number, one, f"/tasks/{task.key}/runs/{number}", one == run_id)
        for number, one in enumerate(task.runs, start=1)
    ]


def _doings(at: Visit, run: RunRow, task: TaskRecord | None) -> dict[str, Doing]:
    """Return what can be done, each with the reason why not."""
    place = in_space(run.space)
    over = run.status in TERMINAL

    def unless(action: str, reason: str) -> Doing:
        if not may(at.who, action, place):  # pyright: ignore[reportArgumentType] - named below
            return Doing(
                "your role in this space does not allow it; its maintainers can change that"
            )
        return Doing(reason)

    again = task is None or task.state not in ("failed", "cancelled")
    is_latest = task is None or task.run_id == run.run_id
    say = "the run has ended" if over else ""
    if task is None and run.kind == "workflow":
        say = say or "say it to the agent at work"
    return {
        "cancel": unless("run.cancel", "it has ended" if over else ""),
        "fork": unless("run.fork", ""),
        "retry": unless(
            "task.manage",
            "only a task that failed or was cancelled is started again" if again else "",
        ),
        "say": unless("task.comment" if task else "run.steer", "" if task and is_latest else say),
        "decide": unless("gate.decide", ""),
    }


def _strip(part: Part, facts: Facts, base: str, *, hide_idle: bool) -> Markup:
    began = part.run.created_at
    marks: list[StripMark] = []
    for span in facts.course.spans:
        lane = (
            "model" if span.facets & BY_MODEL else "tool" if span.facets & BY_TOOL else "decision"
        )
        if lane == "decision" and not span.facets & DECISIONS:
            continue
        end = (span.at - began).total_seconds()
        failed = bool(span.facets & FAILURES)
        said = {"model": "Model", "tool": "Tool", "decision": "Decision"}[lane]
        href = f"{base}?around={span.position}#e{span.position}"
        marks.append(StripMark(lane, end - span.took_ms / 1000, end, said, href, failed))
    return strip(marks, facts.seconds, hide_idle=hide_idle) if marks else Markup()
