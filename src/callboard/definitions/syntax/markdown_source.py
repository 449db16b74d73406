"""Markdown with front matter: the front matter is the definition, the body its system prompt."""

import re
from typing import Final, cast

from callboard.definitions.findings import Findings
from callboard.definitions.syntax.yaml_source import read_yaml

_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(.*)\Z", re.DOTALL | re.MULTILINE)


def read_markdown(text: str, findings: Findings) -> object:
    """Return the definition in a Markdown text; None where it has no front matter."""
    match = _FRONT.match(text)
    if match is None:
        if text.startswith("---\n"):
            findings.problem(
                "", "the front matter has no end; close it with a line of three dashes"
            )
        return None
    value = read_yaml(match[1], findings, first_line=2)
    if not isinstance(value, dict):
        return value
    fields, body = cast("dict[str, object]", value), match[2].strip()
    given = next((name for name in ("systemPrompt", "system_prompt") if name in fields), None)
    if not body:
        return fields
    if given is not None:
        findings.problem(
            given, "is given, and so is a body; the body is the system prompt: keep one"
        )
        return fields
    return fields | {"systemPrompt": body}
