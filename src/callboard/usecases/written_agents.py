"""Agents that somebody writes elsewhere than in a file."""

from callboard.definitions.check import check_definition
from callboard.definitions.findings import Findings
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
