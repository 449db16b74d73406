"""Reading workflows: the same file formats, the same care."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, cast

from pydantic import ValidationError

from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings, did_you_mean, dotted, found
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.syntax.json_source import read_json
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.definition.references import parse_reference
from callboard.domain.errors import DefinitionInvalid, UnknownThing
from callboard.domain.workflow import AgentStep, Step, WorkflowDefinition
from callboard.engine.tasks.order import circle, precedents

SHIPPED: Final = Path(__file__).parent / "templates" / "workflows"

_KINDS: Final = frozenset(
    {"agent", "people", "command", "file", "diff", "output", "number", "http", "person"}
)
_NAME: Final = re.compile(r"[a-z0-9-]+")


def shipped_workflows() -> tuple[str, ...]:
    """Return the names of the workflows that come with the product, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def load_workflow(source: Path | str) -> WorkflowDefinition:
    """Return the workflow in a file, or the shipped one of that name.

    Raises:
        DefinitionInvalid: the file does not hold a workflow; carries every problem.
        UnknownThing: no shipped workflow has this name.
    """
    if isinstance(source, str) and _NAME.fullmatch(source):
        if source not in shipped_workflows():
            hint = did_you_mean(source, shipped_workflows())
            raise UnknownThing(f"there is no workflow {source!r}{hint}")
        return _shipped(source)
    return _loaded(Path(source))


@cache
def _shipped(name: str) -> WorkflowDefinition:
    """Return a workflow that comes with the product: it stays as it is, and is listed again and again."""
    return _loaded(SHIPPED / f"{name}.yaml")


def _loaded(path: Path) -> WorkflowDefinition:
    findings = Findings(str(path))
    workflow = _read(path, findings)
    if workflow is None or findings.problems:
        raise DefinitionInvalid(findings.problems)
    return workflow


def _read(path: Path, findings: Findings) -> WorkflowDefinition | None:
    if path.suffix not in {".json", ".yaml", ".yml"}:
        findings.problem("", "a workflow is a .yaml or .json file")
        return None
    try:
        text = read_text(path)
    except Unreadable as reason:
        findings.problem("", str(reason))
        return None
    raw = read_json(text, findings) if path.suffix == ".json" else read_yaml(text, findings)
    return None if findings.problems else check_workflow(raw, findings)


def check_workflow(raw: object, findings: Findings) -> WorkflowDefinition | None:
    """Return the workflow in plain values, or None with every problem noted."""
    if not isinstance(raw, Mapping):
        findings.problem("", f"must be an object with id, title and steps, found {found(raw)}")
        return None
    try:
        text = json.dumps(_with_kinds(cast("Mapping[str, object]", raw)))
        workflow = WorkflowDefinition.model_validate_json(text, strict=True)
    except ValidationError as error:
        _note(error, findings)
        return None
    except (ValueError, TypeError, RecursionError):
        findings.problem("", "holds something that is not plain data")
        return None
    _check_steps(workflow, findings)
    return workflow


def _note(error: ValidationError, findings: Findings) -> None:
    faults = error.errors(include_url=False)
    for one in faults:
        place = one["loc"]
        if one["type"] == "too_short" and any(
            other["loc"][: len(place)] == place != other["loc"] for other in faults
        ):
            continue  # short of valid steps only
        place = _without_kinds(place)
        findings.problem(dotted(place), explain(one))


def _without_kinds(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return where a fault is in the file: pydantic adds the kind behind the number of a step or a check."""
    numbered = {n + 1 for n, part in enumerate(place) if isinstance(part, int)}
    return tuple(
        part
        for n, part in enumerate(place)
        if not (n in numbered and part in _KINDS and place[n - 2] in ("steps", "checks"))
    )


def _with_kinds(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the workflow with `kind` filled in: a step with an agent is the agent's."""
    steps = raw.get("steps")
    if not isinstance(steps, list):
        return dict(raw)
    filled = [
        _step_with_kinds(cast("dict[str, object]", step)) if isinstance(step, dict) else step
        for step in cast("list[object]", steps)
    ]
    return {**raw, "steps": filled}


def _step_with_kinds(raw: dict[str, object]) -> dict[str, object]:
    """Return a step with what may be left out: its own kind, and that of checks which are commands."""
    by_agent = "agent" in raw or "skills" in raw
    step = {"kind": "agent" if by_agent else "people", **raw}
    checks = step.get("checks")
    if isinstance(checks, list):
        step["checks"] = [
            {"kind": "command", **cast("dict[str, object]", check)}
            if isinstance(check, dict) and "kind" not in check
            else check
            for check in cast("list[object]", checks)
        ]
    return step


def _check_steps(workflow: WorkflowDefinition, findings: Findings) -> None:
    ids = [step.id for step in workflow.steps]
    for index, step in enumerate(workflow.steps):
        where = f"steps[{index}]"
        if step.id in ids[:index]:
            findings.problem(f"{where}.id", f"{step.id!r} is taken by an earlier step")
        for needed in step.needs or ():
            if needed not in ids:
                hint = did_you_mean(needed, ids)
                findings.problem(f"{where}.needs", f"there is no step {needed!r}{hint}")
        if isinstance(step, AgentStep):
            _check_agents(step, where, findings)
    if findings.problems:
        return
    if way := circle(workflow):
        findings.problem("steps", f"need one another in a circle: {' → '.join(way)}")
        return
    for index, step in enumerate(workflow.steps):
        _check_target(workflow, step, f"steps[{index}].on_reject", findings)


def _check_target(workflow: WorkflowDefinition, step: Step, where: str, findings: Findings) -> None:
    """A step can send the work back to itself and to what it needs, directly or not; nowhere else."""
    target = step.on_reject
    if target is None:
        return
    known = precedents(workflow, step.id)
    before = [one.id for one in workflow.steps if one.id in known]
    if target not in before:
        hint = did_you_mean(target, before)
        message = f"must be this step or an earlier one that it needs, found {target!r}{hint}"
        findings.problem(where, message)


def _check_agents(step: AgentStep, where: str, findings: Findings) -> None:
    named = [("agent", step.agent)] if step.agent is not None else []
    named += [(f"prefer[{place}]", name) for place, name in enumerate(step.prefer)]
    for field, name in named:
        if parse_reference(name) is None:
            findings.problem(
                f"{where}.{field}",
                f"must be id, publisher/id or publisher/id@version, found {name!r}",
            )
