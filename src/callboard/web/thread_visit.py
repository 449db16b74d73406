"""From a visit to the page of a thread: what is looked up for it, and what whoever looks may do."""

from collections.abc import Mapping

from markupsafe import Markup

from callboard.domain.errors import CallboardError
from callboard.domain.org.principal import in_space
from callboard.domain.org.task import TaskRecord
from callboard.domain.thread_mark import BY_MODEL, BY_TOOL, DECISIONS, FAILURES
from callboard.engine.authority import may
from callboard.usecases.gates import OpenGate, gate_of
from callboard.usecases.runs import TERMINAL
from callboard.usecases.thread_facts import Facts, thread_facts
from callboard.usecases.threads import Part, thread_part
from callboard.usecases.time_travel import Stand, stand_at
from callboard.web.forms import Typed
from callboard.web.render.changes import files_of
from callboard.web.render.diff import diff
from callboard.web.render.strip import StripMark, strip
from callboard.web.thread_look import AT_A_TIME, number, wanted_of
from callboard.web.thread_page import Attempt, Doing, TaskThreadPage, ThreadPage
from callboard.web.thread_rows import row_markup
from callboard.web.visit import Visit


async def thread_page(
    at: Visit,
    run_id: str,
    base: str,
    *,
    task: TaskRecord | None = None,
    wrong: str = "",
    wrong_fork: str = "",
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
        **_doings(at, facts, task),
        stand=stand,
        stand_diff=diff(files_of(stand.diff)) if stand is not None and stand.diff else Markup(),
        hide_idle=hide_idle,
        wrong=wrong or wrong_fork,
        wrong_fork=wrong_fork,
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


def _doings(at: Visit, facts: Facts, task: TaskRecord | None) -> dict[str, Doing]:
    """Return what can be done, each with the reason why not."""
    run, place = facts.run, in_space(facts.run.space)
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
        "resume": unless("run.resume", "" if facts.is_stopped else "it has not stopped"),
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
