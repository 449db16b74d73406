"""Runs below a run, as its state knows them."""

from callboard.domain.events.child_run import (
    ChildRunEnded,
    ChildRunRefused,
    ChildRunStarted,
    ChildRunSuspended,
    HistoryChange,
)
from callboard.domain.frozen import changed
from callboard.domain.message import Message
from callboard.domain.run.history import handed_down
from callboard.domain.run.state import Child, RunState


def after_child_event(
    state: RunState, event: ChildRunStarted | ChildRunRefused | ChildRunSuspended | ChildRunEnded
) -> RunState:
    """Return the state after something happened to a child."""
    match event:
        case ChildRunStarted():
            return changed(state, children=(*state.children, Child(event)))
        case ChildRunRefused():
            return changed(state, refused_children=(*state.refused_children, event))
        case ChildRunSuspended():
            return changed(state, children=_children(state, event.child_run_id, waiting=event))
        case ChildRunEnded():
            # What the child did to the files is in its own log; ours compares with what is there now.
            return changed(
                state,
                children=_children(state, event.child_run_id, ended=event),
                bill=state.bill.merged(event.bill),
                usage=state.usage + event.usage,
                messages=_with_inline(state, event.history),
                tree=None,
                read=state.read.union(event.read),
            )


def _with_inline(state: RunState, change: HistoryChange | None) -> tuple[Message, ...]:
    if change is None:
        return state.messages
    return (*handed_down(state.messages)[: change.kept], *change.added)


def _children(
    state: RunState,
    run_id: str,
    *,
    waiting: ChildRunSuspended | None = None,
    ended: ChildRunEnded | None = None,
) -> tuple[Child, ...]:
    return tuple(
        changed(child, waiting=waiting, ended=ended)
        if child.started.child_run_id == run_id
        else child
        for child in state.children
    )
