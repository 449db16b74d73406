"""Prompts that a definition keeps in files beside it: `systemPrompt: {path: ./prompts/system.md}`."""

from pathlib import Path
from typing import cast

from callboard.definitions.canonical import Canonical
from callboard.definitions.files import Unreadable, read_beneath
from callboard.definitions.findings import Findings, found
from callboard.definitions.language import PROMPTS


def resolve_prompts(definition: Canonical, folder: Path | None, findings: Findings) -> None:
    """Put the texts of files in the place of `{path: …}`; a file lies in `folder` or below it.

    Without a folder (a definition that did not come from a file) every path is a problem.
    """
    for name in PROMPTS:
        value = definition.fields.get(name)
        if not isinstance(value, dict):
            continue
        text = _text(cast("dict[str, object]", value), definition.where((name,)), folder, findings)
        definition.fields[name] = "" if text is None else text


def _text(
    reference: dict[str, object], where: str, folder: Path | None, findings: Findings
) -> str | None:
    path = reference.get("path")
    if set(reference) != {"path"} or not isinstance(path, str):
        findings.problem(where, "must be text or {path: …}, with the path as text and nothing else")
    elif folder is None:
        findings.problem(
            f"{where}.path", "can be used in definition files only; give the text itself"
        )
    else:
        try:
            return read_beneath(folder, path)
        except Unreadable as reason:
            findings.problem(f"{where}.path", f"{found(path)}: the file {reason}")
    return None
