"""What definitions import that no folder holds: small stand-ins of our own.

Agents of the public language import names and string helpers from the `common` package of their runtime
(`@<scope>/common/…`, whatever the scope is called), and read files of their own folder with `fs`, `path` and
`url`. Nothing of it reaches further than the folder's texts. The sources lie beside this module as
`shims/*.js`, and are read when it is imported, before the worker gives up its files.
"""

import re
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "shims"
_COMMON: Final = re.compile(r"@[\w.-]+/common/(?:src/)?([\w./-]+?)(?:/index)?(?:\.[jt]s)?")
_NODE: Final = {
    "fs": "fs",
    "fs/promises": "fs-promises",
    "path": "path",
    "path/posix": "path",
    "process": "process",
    "url": "url",
}
_IN_COMMON: Final = {
    "constants": "constants",
    "constants/agents": "agents",
    "constants/tools": "tools",
    "old-constants": "constants",
    "tools/constants": "tools",
    "tools/utils": "tools",
    "types/session-state": "agents",
    "util/array": "array",
    "util/string": "string",
    "util/xml": "xml",
}

SOURCES: Final = {path.stem: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.js"))}
"""The shims' sources: each the body of a function of `exports` and `host`."""

IMPORTABLE: Final = (
    "the folder's own .ts, .js, .json, .md and .txt files, fs, path and url (which see the folder only), and "
    f"@…/common/{{{','.join(_IN_COMMON)}}}"
)
"""What may be imported, for messages."""


def shim_of(specifier: str) -> str | None:
    """Return the name of the shim for a specifier, or None where there is none."""
    bare = specifier.removeprefix("node:")
    if bare in _NODE:
        return _NODE[bare]
    match = _COMMON.fullmatch(specifier)
    return _IN_COMMON.get(match[1]) if match else None
