"""What the machine has too little of, or what of it cannot be used, in words for people."""

import errno
from collections.abc import Generator
from typing import cast

from callboard.cli.plain import one_line

_FILES = (
    "too many files are open at a time; allow more (`ulimit -n`, or the limit of the container)"
)
_MEMORY = "there is not enough memory; allow more (`ulimit -v`, or the limit of the container)"
_THREADS = (
    "no more threads or processes may be started; allow more (`ulimit -u`, or the limit of the container), or more "
    "memory"
)
_BY_NUMBER = {
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _THREADS,  # what starting a process says
}


def shortage_of(error: BaseException) -> str | None:
    """Return what kept a command from being done, and the way out; None where the machine is not to blame."""
    for one in _all_of(error):
        said = _said_of(one)
        if said is not None:
            return said
    if isinstance(error, OSError) and isinstance(error.filename, str):
        return f"{one_line(error.filename)}: {error.strerror}"
    return None


def _all_of(error: BaseException) -> Generator[BaseException]:
    """Give an error and what it came from: closing what was opened fails for the same reason, and comes last."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _all_of(one)
    before = error.__cause__ or error.__context__
    if before is not None:
        yield from _all_of(before)


def _said_of(error: BaseException) -> str | None:
    match error:
        case MemoryError():
            return _MEMORY
        case OSError(errno=int(number)) if number in _BY_NUMBER:
            return _BY_NUMBER[number]
        case RuntimeError() if "start new thread" in str(error):
            return _THREADS
        case ImportError() if "map segment" in str(error) or "allocate memory" in str(error):
            return _MEMORY
        case SystemError() if "without" in str(error):  # an error that there was no memory for
            return _MEMORY
        case _:
            return None
