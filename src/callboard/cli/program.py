"""What people have to type to call this program again."""

import os
import shutil
import sys
from functools import cache
from pathlib import Path

NAME = "callboard"


@cache
def program() -> str:
    """Return `callboard` where the shell finds this very program under that name, else a path to it.

    After `make demo` the command lies in `.venv/bin`, which is on nobody's PATH.
    """
    called = Path(sys.argv[0])
    found = shutil.which(NAME)
    if called.name != NAME or (found is not None and os.path.realpath(found) == _real(called)):
        return NAME
    try:
        return str(called.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(called.absolute())


def _real(path: Path) -> str:
    return os.path.realpath(path)
