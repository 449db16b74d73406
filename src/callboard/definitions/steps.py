"""What can be said about `handleSteps` without running it."""

import ast
import re
from typing import Final, cast

from callboard.definitions.canonical import Canonical
from callboard.definitions.findings import Findings
from callboard.definitions.language import CONTROL_TOOLS

_CALLED: Final = re.compile(r"""tool_?[nN]ame["']?\s*[:=]\s*["'`]([\w/.-]{1,100})["'`]""")


def check_steps(definition: Canonical, findings: Findings) -> None:
    """Note where `handleSteps` is no generator, and which tools it names without having them.

    It may call the tools in `toolNames` and the control tools. The names are looked for in its text, so
    that a definition written for a more lenient runtime loads and says what it must add.
    """
    steps = definition.fields.get("handleSteps")
    if not isinstance(steps, str):
        return
    where = definition.where(("handleSteps",))
    if not steps.strip().startswith("function*") and not _is_python_generator(steps):
        findings.problem(where, "must be a generator: function* (…) {…}, or a def with a yield")
        return
    findings.warn(where, "is kept as text; running it comes with a later release")
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


def _is_python_generator(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        return False
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(body[0]))
