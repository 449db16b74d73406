"""A team as a directory: `agents/`, `workflows/`, `templates/` and `callboard.lock.yaml`. Reading one executes nothing."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings, dotted
from callboard.definitions.folder import load_folder
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.definitions.workflows import load_workflow
from callboard.definitions.written import agent_as_yaml, as_yaml, workflow_as_yaml
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid, Problem
from callboard.domain.org.bundle import Bundle, BundledTemplate, Lock
from callboard.domain.workflow import WorkflowDefinition

LOCK: Final = "callboard.lock.yaml"
_NOTE: Final = "# Written by `callboard export`. It says what the files were; do not edit it.\n"


def write_bundle(bundle: Bundle, folder: Path) -> tuple[str, ...]:
    """Write a team into a new or empty directory, or over an earlier export; return the files' names.

    What the earlier export had and this one has not is removed; other files are left alone.

    Raises:
        ConfigurationInvalid: something else is in the directory, or it cannot be written.
        DefinitionInvalid: the lock of the earlier export cannot be read.
    """
    texts = {f"agents/{name}.yaml": agent_as_yaml(one) for name, one in bundle.agents.items()}
    texts |= {
        f"workflows/{name}.yaml": workflow_as_yaml(one) for name, one in bundle.workflows.items()
    }
    for name, one in bundle.templates.items():
        texts[f"templates/{name}.yaml"] = agent_as_yaml(one.definition)
        texts[f"templates/{name}.task.txt"] = one.task
    plain = bundle.lock.model_dump(mode="json", exclude_none=True)
    texts[LOCK] = _NOTE + as_yaml(plain)
    stale = _earlier(folder) - texts.keys()
    try:
        for name, text in texts.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for name in stale:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationInvalid(
            f"{folder} cannot be written ({error.strerror}); choose another directory"
        ) from error
    return tuple(sorted(texts))


def _earlier(folder: Path) -> set[str]:
    """Return the files of an earlier export in a directory."""
    if (folder / LOCK).is_file():
        lock = read_lock(folder)
        agents = {f"agents/{name}.yaml" for name in lock.agents}
        ends = (".yaml", ".task.txt")
        templates = {f"templates/{name}{end}" for name in lock.templates for end in ends}
        return agents | templates | {f"workflows/{name}.yaml" for name in lock.workflows}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationInvalid(
            f"{folder} holds something that is no export; name a new or an empty directory"
        )
    return set()


def read_bundle(folder: Path, tools: Collection[str]) -> Bundle:
    """Return the team in a directory.

    Raises:
        DefinitionInvalid: a file is not valid; carries every problem of all of them.
        ConfigurationInvalid: the directory is no export.
    """
    if not (folder / LOCK).exists():
        raise ConfigurationInvalid(f"{folder} is no export: it has no {LOCK}")
    lock = read_lock(folder)
    catalogue = load_folder(folder / "agents", tools)
    roles = load_folder(folder / "templates", tools)
    problems = [*catalogue.problems, *catalogue.skipped, *roles.problems, *roles.skipped]
    workflows: dict[str, WorkflowDefinition] = {}
    for path in sorted((folder / "workflows").glob("*.yaml")):
        try:
            workflow = load_workflow(path)
        except DefinitionInvalid as error:
            problems += error.problems
            continue
        if workflow.id != path.stem:
            problems.append(Problem(str(path), "id", f"must be {path.stem}, as the file is named"))
        workflows[workflow.id] = workflow
    if problems:
        raise DefinitionInvalid(problems)
    agents = {one.definition.id: one.definition for one in catalogue.definitions}
    templates = {
        one.definition.id: BundledTemplate(one.definition, _task(folder, one.definition.id))
        for one in roles.definitions
    }
    return Bundle(agents, workflows, lock, templates)


def _task(folder: Path, name: str) -> str:
    place = folder / "templates" / f"{name}.task.txt"
    try:
        return read_text(place) if place.exists() else ""
    except Unreadable as reason:
        raise DefinitionInvalid([Problem(str(place), "", str(reason))]) from None


def read_lock(folder: Path) -> Lock:
    """Return the lock of an export.

    Raises:
        DefinitionInvalid: it cannot be read; carries every problem.
    """
    findings = Findings(str(folder / LOCK))
    try:
        raw = read_yaml(read_text(folder / LOCK), findings)
        if not findings.problems:
            return Lock.model_validate(raw)
    except Unreadable as reason:
        findings.problem("", str(reason))
    except ValidationError as error:
        for one in error.errors(include_url=False):
            findings.problem(dotted(one["loc"]), explain(one))
    raise DefinitionInvalid(findings.problems)
