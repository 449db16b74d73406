"""What was wrong with a form, in the words of that form."""

from callboard.domain.errors import CallboardError
from callboard.usecases.checked import FieldsUnfit


def said_of(error: CallboardError, **labels: str) -> str:
    """Return what an error says; fields are called as they are labelled, those without a label by their name."""
    if not isinstance(error, FieldsUnfit):
        return str(error)
    return "; ".join(f"“{_label(field, labels)}” {words}" for field, words in error.faults)


def _label(field: str, labels: dict[str, str]) -> str:
    name = field.partition(".")[0]
    return labels.get(name, name.replace("_", " ").capitalize())
