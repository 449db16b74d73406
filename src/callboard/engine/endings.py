"""Whether the model's last answer ended the turn, in the language's sense: it has nothing more to do."""

from callboard.domain.run.state import RunState, TurnOutcome
from callboard.domain.run.turn import ENDING_TOOLS

TASK_COMPLETED = "task_completed"

# Tools that leave nothing for the model to react to: a turn of only these ends the run.
_QUIET = frozenset(
    {
        *("think_deeply", "set_output", "set_messages", "add_message"),
        *("create_plan", "update_subgoal", "suggest_followups"),
    }
)


def turn_ends(state: RunState, outcome: TurnOutcome) -> bool:
    """Return whether a finished turn is the last one, as far as the model is concerned.

    An agent that has `task_completed` says so by calling it. A refused call is always shown to the model
    first.
    """
    if outcome.had_refusals:
        return False
    if not ENDING_TOOLS.isdisjoint(outcome.tools):
        return True
    if TASK_COMPLETED in state.subject.definition.tool_names:
        return False
    return _QUIET.issuperset(outcome.tools)


def came_to_nothing(outcome: TurnOutcome) -> bool:
    """Return whether an answer asked for nothing and said nothing whole."""
    if outcome.tools or outcome.had_refusals:
        return False
    return outcome.finish == "length" or not outcome.had_text
