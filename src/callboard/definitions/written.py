"""Definitions as YAML that people review: prompts as blocks, and nothing that goes without saying."""

import re
from typing import Any, Final

import yaml

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.workflow import WorkflowDefinition

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*")
_OTHER_BREAKS: Final = re.compile("[\x85\u2028\u2029]")
"""What ends a line for some readers of YAML, or becomes another end of a line: safe between quotes only."""
_TEXT: Final = "tag:yaml.org,2002:str"
_FIRST: Final = ("id", "displayName", "model")


class _Dumper(yaml.SafeDumper):
    """Writes texts so that every reader takes them for texts."""


def _text(_: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    as_block = "\n" in value and _OTHER_BREAKS.search(value) is None
    one_line = None if _PLAIN.fullmatch(value) else '"'
    return yaml.ScalarNode(_TEXT, value, style="|" if as_block else one_line)


_Dumper.add_representer(str, _text)


def as_yaml(plain: object) -> str:
    """Return plain values as a YAML text that `read_yaml` reads back to the same."""
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def agent_as_yaml(definition: AgentDefinition) -> str:
    """Return a definition as a file: what is as it is by default is left out."""
    plain: dict[str, Any] = definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    ordered = {name: plain[name] for name in _FIRST} | plain
    return as_yaml(_without_nulls(ordered))


def workflow_as_yaml(definition: WorkflowDefinition) -> str:
    """Return a workflow as a file: what is as it is by default is left out."""
    plain: dict[str, Any] = definition.model_dump(mode="json", exclude_defaults=True)
    for step, of in zip(plain["steps"], definition.steps, strict=True):
        step.pop("kind", None)
        if of.kind == "people":
            step["kind"] = "people"
    return as_yaml(plain)


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object without members that are null at its top: definitions have none."""
    return {name: one for name, one in value.items() if one is not None}
