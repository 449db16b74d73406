"""What went wrong, in one message on stderr, and the exit code that goes with it."""

from callboard.cli.shortage import shortage_of
from callboard.cli.streams import say
from callboard.domain.errors import CallboardError, LogCorrupt

DONE, FAILED, MISTAKE, INTERRUPTED = 0, 1, 2, 130


def explained(error: Exception) -> int:
    """Say what went wrong and return the exit code.

    Raises:
        Exception: the error itself, where only a programmer can put it right.
    """
    said = str(error) if isinstance(error, CallboardError) else shortage_of(error)
    if said is None:
        raise error
    say(f"callboard: {said}")
    return FAILED if isinstance(error, LogCorrupt) else MISTAKE
