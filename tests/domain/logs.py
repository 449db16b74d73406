"""Short ways to write a log by hand."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import Finish, ModelCallCompleted, ModelCallStarted
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.events.tool_call import (
    CallRequest,
    ToolCallCompleted,
    ToolCallRefused,
    ToolCallStarted,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import JsonObject, Message, Part, TextPart, ToolCallPart
from callboard.domain.run.fold import fold
from callboard.domain.run.state import RunState
from callboard.domain.tool import Access, RetrySafety, ToolFacts, json_outputs
from callboard.domain.usage import Usage, Usd
from callboard.engine.prompt import Surroundings, step_prompt

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ANN = Actor(kind="person", name="ann")

KINDS: dict[str, tuple[Access, RetrySafety]] = {
    "look": ("read", "pure"),
    "put": ("write", "idempotent"),
    "pay": ("write", "unsafe"),
    "end_turn": ("control", "pure"),
    "set_output": ("control", "pure"),
    "add_message": ("control", "pure"),
    "set_messages": ("control", "pure"),
    "think_deeply": ("control", "pure"),
    "spawn_agents": ("spawn", "idempotent"),
}


def agent(**fields: object) -> AgentDefinition:
    return AgentDefinition.model_validate(
        {"id": "a", "display_name": "A", "model": "scripted/a", "tool_names": tuple(KINDS)} | fields
    )


def created(
    definition: AgentDefinition | None = None,
    *,
    limits: Limits | None = None,
    deadline_at: datetime | None = None,
    **subject: object,
) -> RunCreated:
    own = definition or agent()
    asked = step_prompt(own, Surroundings())
    fields = {"definition": own, "model": own.model, "prompt": "go", "step_prompt": asked} | subject
    return RunCreated(
        subject=AgentSubject.model_validate(fields),
        actor=ANN,
        workspace="/w",
        limits=limits or Limits(),
        deadline_at=deadline_at,
    )


def recorded(events: Iterable[AnyEvent], *, run_id: str = "r") -> list[Recorded]:
    return [
        Recorded(run_id, seq, START + timedelta(seconds=seq - 1), event)
        for seq, event in enumerate(events, start=1)
    ]


def state_after(*events: AnyEvent, first: RunCreated | None = None) -> RunState:
    return fold(recorded([first or created(), *events]))


def answered(
    text: str = "",
    *tools: str,
    turn: int = 1,
    finish: Finish = "stop",
    cost_usd: Usd | None = None,
    arguments: JsonObject | None = None,
    asked: int = 128,
) -> list[AnyEvent]:
    """A model call and its answer; `tools` are called with ids c1, c2 … and are requested, but for those
    that nobody knows, and at most `asked` of them.
    """
    parts: list[Part] = [TextPart(text=text)] if text else []
    parts += [
        ToolCallPart(call_id=f"c{place}", tool=tool, arguments=arguments or {})
        for place, tool in enumerate(tools, start=1)
    ]
    return [
        ModelCallStarted(turn=turn, attempt=1, model="scripted/a"),
        ModelCallCompleted(
            turn=turn,
            attempt=1,
            message=Message(role="assistant", parts=tuple(parts)),
            finish=finish,
            usage=Usage(),
            cost_usd=cost_usd,
            requests=requests_of(tools)[:asked],
        ),
    ]


def requests_of(tools: Iterable[str], first: int = 1) -> tuple[CallRequest, ...]:
    return tuple(
        CallRequest(
            call_id=f"c{place}",
            tool=tool,
            facts=ToolFacts(access=KINDS[tool][0], retry_safety=KINDS[tool][1]),
        )
        for place, tool in enumerate(tools, start=first)
        if tool in KINDS
    )


def begun(place: int = 1, tool: str = "look", *, turn: int = 1, epoch: int = 1) -> AnyEvent:
    return ToolCallStarted(turn=turn, call_id=f"c{place}", tool=tool, epoch=epoch)


def done(place: int = 1, tool: str = "look", *, turn: int = 1) -> AnyEvent:
    return ToolCallCompleted(turn=turn, call_id=f"c{place}", tool=tool, output=json_outputs("ok"))


def refused(place: int = 1, tool: str = "nonsense", *, turn: int = 1) -> AnyEvent:
    return ToolCallRefused(
        turn=turn, call_id=f"c{place}", tool=tool, reason="unknown_tool", message="no such tool"
    )


def turn_of(text: str, *tools: str, turn: int = 1, finish: Finish = "stop") -> list[AnyEvent]:
    """A whole turn: the answer, its calls, their results."""
    return [
        *answered(text, *tools, turn=turn, finish=finish),
        *(done(place, tool, turn=turn) for place, tool in enumerate(tools, start=1)),
    ]
