"""Subgoals: what an agent says that it is after, and how far it is."""

from typing import cast, get_args

from pydantic import JsonValue

from callboard.domain.events.conversation import Subgoal, SubgoalRecorded
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.events.union import AnyEvent
from callboard.domain.message import JsonObject
from callboard.domain.run.call import Call
from callboard.domain.run.state import RunState
from callboard.domain.tool import json_outputs

_STATUSES: tuple[str, ...] = get_args(Subgoal.model_fields["status"].annotation)


def subgoal_events(state: RunState, call: Call) -> tuple[AnyEvent, ...]:
    """Return what creating or updating a subgoal comes to."""
    name = str(call.arguments.get("id", ""))
    if call.tool == "add_subgoal":
        recorded = _changed(Subgoal(objective="", status="NOT_STARTED"), call.arguments)
        said = "Successfully added subgoal"
    else:
        known = state.subgoals.get(name)
        recorded = _changed(known or Subgoal(objective="", status="NOT_STARTED"), call.arguments)
        said = "Successfully updated subgoal."
        if known is None:
            said = f"Subgoal with id {name} not found. Creating new subgoal.\n\n{said}"
    done = completed_call(state, call, {"message": said})
    return (SubgoalRecorded(id=name, subgoal=recorded), done)


def _changed(subgoal: Subgoal, given: JsonObject) -> Subgoal:
    """Return a subgoal with what is given; what is empty or left out stays as it was."""
    changes: dict[str, object] = {
        name: given[name]
        for name in ("objective", "plan")
        if isinstance(given.get(name), str) and given[name]
    }
    status, log = given.get("status"), given.get("log")
    if status in _STATUSES:
        changes["status"] = status
    if isinstance(log, str) and log:
        changes["logs"] = (*subgoal.logs, log)
    return subgoal.model_copy(update=changes)


def completed_call(state: RunState, call: Call, value: JsonValue) -> ToolCallCompleted:
    """Return the outcome of a call that the engine answers itself."""
    return ToolCallCompleted(
        turn=state.turn,
        call_id=call.call_id,
        tool=call.tool,
        output=json_outputs(cast("object", value)),
    )
