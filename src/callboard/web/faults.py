"""What was wrong with a form, in the words of that form, and whose an action is."""

from callboard.domain.errors import CallboardError
from callboard.engine.authority import NEEDS, Action
from callboard.usecases.app import NotAllowed
from callboard.usecases.checked import FieldsUnfit


def said_of(error: CallboardError, **labels: str) -> str:
    """Return what an error says; fields are called as they are labelled, those without a label by their name."""
    if isinstance(error, NotAllowed) and error.action is not None:
        return _whose(error.action)
    if not isinstance(error, FieldsUnfit):
        return str(error)
    return "; ".join(f"“{_label(field, labels)}” {words}" for field, words in error.faults)


def _whose(action: Action) -> str:
    """Return who may take an action: what it is called in code says nothing to whoever may not."""
    need = NEEDS[action]
    of_space = (
        "" if need.space is None else f", and for {need.space}s of the space that it is about"
    )
    return f"This is for {need.org}s of the organisation{of_space}."


def _label(field: str, labels: dict[str, str]) -> str:
    name = field.partition(".")[0]
    return labels.get(name, name.replace("_", " ").capitalize())
