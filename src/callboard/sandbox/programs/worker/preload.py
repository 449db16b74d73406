"""Everything that a worker may need is loaded here: once it is confined it can read no file."""

import sys
from importlib import import_module
from typing import Final

from callboard.sandbox.programs.worker import chance
from callboard.sandbox.programs.worker.allowed import IMPORTABLE, LOADED_LATER

_WARM: Final = """
import { a, type B } from './other'
export * from './other'
enum C { D }
const e: B = { id: `x${a}`, *f<T>({ g }: { g?: T }) { yield g as T } } satisfies object
export default e
"""


def load(*, typescript: bool) -> None:
    """Load what programs may import and what runs them.

    Raises:
        ImportError: something is not installed.
    """
    if "_datetime" in sys.modules:
        raise ImportError("datetime was loaded before its clock could be ours")
    # The one written in Python asks `time`, which is ours; the one in C asks the system.
    sys.modules["_datetime"] = None  # pyright: ignore[reportArgumentType] - how to refuse an import
    for name in (*IMPORTABLE, *LOADED_LATER):
        import_module(name)
    for name in ("serve", "python", "javascript", "files"):
        import_module(f"callboard.sandbox.programs.worker.{name}")
    chance.pretend()
    if typescript:
        linker = import_module("callboard.sandbox.programs.typescript.link")
        linker.link(
            {"warm.ts": _WARM}, "warm.ts"
        )  # what it compiles on first use, every worker has
    sys.path.clear()
