"""Reading workflows: the same file formats, the same care."""

import json
import re
from collections.abc import Mapping
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

SHIPPED: Final = Path(__file__).parent / "templates" / "workflows"

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
        source = SHIPPED / f"{source}.yaml"
    path = Path(source)
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
    _check_steps(workflow.steps, findings)
    return workflow


def _note(error: ValidationError, findings: Findings) -> None:
    faults = error.errors(include_url=False)
    for one in faults:
        place = one["loc"]
        if one["type"] == "too_short" and any(
            other["loc"][: len(place)] == place != other["loc"] for other in faults
        ):
            continue  # short of valid steps only
        if len(place) > 2 and place[2] in {"agent", "people"}:
            place = (*place[:2], *place[3:])  # the kind of the step is pydantic's, not the file's
        findings.problem(dotted(place), explain(one))


def _with_kinds(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the workflow with `kind` filled in: a step with an agent is the agent's."""
    steps = raw.get("steps")
    if not isinstance(steps, list):
        return dict(raw)
    filled = [
        {"kind": "agent" if "agent" in step else "people", **cast("dict[str, object]", step)}
        if isinstance(step, dict)
        else step
        for step in cast("list[object]", steps)
    ]
    return {**raw, "steps": filled}


def _check_steps(steps: tuple[Step, ...], findings: Findings) -> None:
    seen: list[str] = []
    for index, step in enumerate(steps):
        where = f"steps[{index}]"
        if step.id in seen:
            findings.problem(f"{where}.id", f"{step.id!r} is taken by an earlier step")
        seen.append(step.id)
        if step.on_reject is not None and step.on_reject not in seen:
            hint = did_you_mean(step.on_reject, seen)
            findings.problem(
                f"{where}.on_reject",
                f"must be this step or an earlier one, found {step.on_reject!r}{hint}",
            )
        if isinstance(step, AgentStep) and parse_reference(step.agent) is None:
            findings.problem(
                f"{where}.agent",
                f"must be id, publisher/id or publisher/id@version, found {step.agent!r}",
            )
