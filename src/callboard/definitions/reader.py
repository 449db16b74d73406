"""Reading one definition file."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, cast

from callboard.definitions.catalogue import Catalogue, LoadedDefinition
from callboard.definitions.check import check_definition
from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings
from callboard.definitions.programs import PROGRAMS, SCRIPTS, evaluated, home_of
from callboard.definitions.syntax.json_source import read_json
from callboard.definitions.syntax.markdown_source import read_markdown
from callboard.definitions.syntax.python_source import read_python
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.errors import Problem
from callboard.ports.programs import Evaluated, Evaluator

_PARSERS: Final[dict[str, Callable[[str, Findings], object]]] = {
    ".json": read_json,
    ".md": read_markdown,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}
SUFFIXES: Final = frozenset({*_PARSERS, *PROGRAMS})

_TELLING: Final = ("id", "model", "displayName", "display_name")
"""A file in a folder with none of these is somebody's other file, not a broken agent."""


def read_definitions(
    file: Path,
    tools: Collection[str],
    *,
    shown_as: str | None = None,
    evaluator: Evaluator | None = None,
) -> Catalogue:
    """Return the definitions in a file, or what is wrong with it. Never raises, executes nothing here.

    `shown_as` is the file's name in problems. `evaluator` runs files that are programs; without one Python
    files are read as far as they are literals, and scripts are left alone. A file that is not meant as a
    definition comes back as skipped; whoever named the file on purpose may treat that as a problem.
    """
    name = shown_as or str(file)
    if evaluator is not None and file.suffix in PROGRAMS:
        whole = file.absolute()
        found = evaluated(home_of(whole), [whole], evaluator)
        return from_program(file, found[whole], tools, shown_as=name)
    if file.suffix in SCRIPTS:
        return _skipped(name, "is a program, and nothing here evaluates programs")
    if file.suffix not in SUFFIXES:
        return _skipped(name, f"{file.suffix or 'no suffix'} is not a format of definitions")
    findings = Findings(name)
    try:
        text = read_text(file)
    except Unreadable as reason:
        findings.problem("", str(reason))
        return Catalogue(problems=tuple(findings.problems))
    raws = _parsed(file.suffix, text, findings)
    if raws is None:
        return _skipped(name, "holds no definition")
    return _checked(raws, tools, findings, file.parent)


def from_program(
    file: Path, found: Evaluated, tools: Collection[str], *, shown_as: str
) -> Catalogue:
    """Return the definitions that a program came to, checked like any others."""
    findings = Findings(shown_as)
    if found.problem:
        findings.problem("", found.problem)
        return Catalogue(problems=tuple(findings.problems), broken_ids=frozenset({file.stem}))
    if not found.definitions:
        return _skipped(shown_as, "holds no definition (a helper module)")
    return _checked(list(found.definitions), tools, findings, file.parent)


def _parsed(suffix: str, text: str, findings: Findings) -> list[object] | None:
    """Return the raw definitions; None where the text is not meant to hold any."""
    if suffix == ".py":
        return read_python(text, findings)
    raw = _PARSERS[suffix](text, findings)
    if raw is None:
        return [] if findings.problems or suffix != ".md" else None
    if isinstance(raw, dict) and not findings.problems and not any(key in raw for key in _TELLING):
        return None
    return [raw]


def _checked(
    raws: list[object], tools: Collection[str], findings: Findings, folder: Path
) -> Catalogue:
    loaded: list[LoadedDefinition] = []
    broken: set[str] = set()
    if not raws:
        if not findings.problems:
            findings.problem("", "is empty")
        broken.add(Path(findings.file).stem)  # nothing better is known of what it was to be
    for raw in raws:
        before, warned = len(findings.problems), len(findings.warnings)
        clean_so_far = before == 0
        agent = check_definition(raw, tools, findings, folder=folder)
        if agent is not None and (clean_so_far or len(raws) > 1):
            loaded.append(LoadedDefinition(agent, findings.file, tuple(findings.warnings[warned:])))
        else:
            broken |= _claimed_id(raw)
    return Catalogue(tuple(loaded), tuple(findings.problems), (), frozenset(broken))


def _claimed_id(raw: object) -> set[str]:
    claimed = cast("dict[str, object]", raw).get("id") if isinstance(raw, dict) else None
    return {claimed} if isinstance(claimed, str) else set[str]()


def _skipped(name: str, reason: str) -> Catalogue:
    return Catalogue(skipped=(Problem(name, "", reason),))
