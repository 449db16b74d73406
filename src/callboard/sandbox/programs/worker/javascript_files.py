"""Definition files in TypeScript and JavaScript: linked to one script, run once, confined."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from callboard.sandbox.programs.worker.faults import Fault, readable
from callboard.sandbox.programs.worker.javascript import FRESH

_SPACE: Final = r"(?:\s|/\*[\s\S]*?\*/|//[^\n]*\n)*"
_GENERATOR: Final = re.compile(rf"function{_SPACE}\*")
_METHOD: Final = re.compile(
    rf"""\*{_SPACE}(?:[A-Za-z_$][\w$]*|'[^']*'|"[^"]*"|\[[^\]]*\]){_SPACE}(?=\()"""
)


def definitions_of(files: Mapping[str, str], entry: str, memory: int) -> str:
    """Return the definitions of a file as the JSON text of a list, empty for a module that has none.

    Raises:
        Fault: it cannot be linked or run.
    """
    realm = FRESH.prepare(0, seed="", memory=memory)
    answer: dict[str, Any] = json.loads(realm.ask("definition", _linked(files, entry)))
    definition: dict[str, Any] | None = answer.get("definition")
    if definition is None:
        return "[]"
    if answer["isFunction"]:
        definition["handleSteps"] = as_expression(definition["handleSteps"])
    return json.dumps([definition])


def as_expression(text: str) -> str:
    """Return a generator method as a generator function; any other function stays as it is written."""
    found = _GENERATOR.match(text)
    if found:
        return f"function*{text[found.end() :]}"
    found = _METHOD.match(text)
    return f"function* handleSteps{text[found.end() :]}" if found else text


def _linked(files: Mapping[str, str], entry: str) -> str:
    # Loaded in the zygote already, and only there: most workers never see TypeScript.
    from callboard.sandbox.programs.typescript.errors import LinkError  # noqa: PLC0415
    from callboard.sandbox.programs.typescript.link import link  # noqa: PLC0415

    try:
        return link(files, entry)
    except LinkError as problem:
        raise Fault(readable(str(problem))) from None
    except RecursionError:
        raise Fault("the file is nested too deeply") from None
