"""What can be said about `handleSteps` without running it."""

import re
from typing import Final, cast

from callboard.definitions.canonical import Canonical
from callboard.definitions.findings import Findings
from callboard.definitions.language import CONTROL_TOOLS

_JAVASCRIPT: Final = re.compile(r"\s*function\s*\*")
_PYTHON: Final = re.compile(r"^(?:def handle_?[sS]teps\s*\(|handle_steps\s*=)", re.MULTILINE)
_YIELD: Final = re.compile(r"\byield\b")
_CALLED: Final = re.compile(
    r"""(?:tool_?[nN]ame["']?\s*[:=]|\bToolCall\()\s*["'`]([\w/.-]{1,100})["'`]"""
)


def check_steps(definition: Canonical, findings: Findings) -> None:
    """Note where `handleSteps` is no generator, and which tools it names without having them.

    It may call the tools in `toolNames` and the control tools. The names are looked for in its text, so
    that a definition written for a more lenient runtime loads and says what it must add.
    """
    steps = definition.fields.get("handleSteps")
    if not isinstance(steps, str):
        return
    where = definition.where(("handleSteps",))
    if not _looks_like_a_generator(steps):
        findings.problem(
            where,
            "must be a generator: function* (…) {…}, or Python with def handle_steps(ctx) and a yield",
        )
        return
    tools = definition.fields.get("toolNames")
    own = set(cast("list[object]", tools)) if _is_texts(tools) else set[object]()
    missing = sorted(set(_CALLED.findall(steps)) - own - CONTROL_TOOLS)
    if missing:
        findings.warn(
            definition.where(("toolNames",)),
            f"must hold what handleSteps calls: {', '.join(missing)}",
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) for item in cast("list[object]", value)
    )


def _looks_like_a_generator(source: str) -> bool:
    """Judge by the text alone: hostile source is parsed where it is confined, and there only."""
    if _JAVASCRIPT.match(source):
        return True
    return _PYTHON.search(source) is not None and _YIELD.search(source) is not None
