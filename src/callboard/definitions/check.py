"""From plain values to a definition, or to everything that is wrong with them."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, cast

from pydantic import ValidationError

from callboard.definitions.canonical import Canonical, canonical
from callboard.definitions.findings import Findings, found
from callboard.definitions.prompts import resolve_prompts
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.rules import check_rules
from callboard.domain.definition.agent import AgentDefinition

_MAX_COST: Final = 1_000_000_000


def check_definition(
    raw: object, tools: Collection[str], findings: Findings, *, folder: Path | None = None
) -> AgentDefinition | None:
    """Return the definition in plain values, or None with every problem noted.

    `tools` are the names that this build has; `folder` is where `{path: …}` prompts are looked for.
    """
    if not isinstance(raw, Mapping):
        findings.problem("", f"must be an object with the fields of an agent, found {found(raw)}")
        return None
    before = len(findings.problems)
    definition = canonical(cast("Mapping[str, object]", raw), findings)
    resolve_prompts(definition, folder, findings)
    _check_cost(definition, findings)
    check_rules(definition, tools, findings)
    agent = _validated(definition, findings)
    return agent if len(findings.problems) == before else None


def _validated(definition: Canonical, findings: Findings) -> AgentDefinition | None:
    try:
        # By way of JSON: strict about types, and a list is a list.
        return AgentDefinition.model_validate_json(json.dumps(definition.fields), strict=True)
    except ValidationError as error:
        noted = {(problem.field) for problem in findings.problems}
        for one in error.errors(include_url=False):
            where = definition.where(one["loc"])
            if where not in noted:
                findings.problem(where, explain(one))
    return None


def _check_cost(definition: Canonical, findings: Findings) -> None:
    """Note a cost that is not an amount of money, which the type would read or choke on."""
    limits = definition.fields.get("limits")
    if not isinstance(limits, dict):
        return
    members = cast("dict[str, object]", limits)
    cost = members.get("costUsd")
    if cost is None:
        return
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost <= _MAX_COST:
        findings.problem(
            definition.where(("limits", "costUsd")),
            f"must be an amount in US dollars, found {found(cost)}",
        )
        del members["costUsd"]
