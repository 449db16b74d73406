"""Agents that somebody writes elsewhere than in a file."""

from callboard.definitions.check import check_definition
from callboard.definitions.findings import Findings
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import DefinitionInvalid
from callboard.usecases.app import App


def checked_agent(app: App, raw: object) -> AgentDefinition:
    """Return the definition in plain values. Prompts in files are refused: there is no folder beside it.

    Raises:
        DefinitionInvalid: they do not hold one; carries every problem.
    """
    findings = Findings("definition")
    definition = check_definition(raw, app.ports.tools.names(), findings)
    if definition is None or findings.problems:
        raise DefinitionInvalid(findings.problems)
    return definition


def written_value(text: str, field: str) -> object:
    """Return the value of a YAML text, as definition files hold them; None of an empty one.

    Raises:
        DefinitionInvalid: it is none; names the field and the line.
    """
    findings = Findings(field)
    value = read_yaml(text, findings) if text.strip() else None
    if findings.problems:
        raise DefinitionInvalid(findings.problems)
    return value
