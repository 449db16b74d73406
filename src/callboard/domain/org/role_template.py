"""Roles that the organisation keeps to start agents from."""

import hashlib
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.frozen import Frozen
from callboard.domain.record import Kind


class OwnTemplate(Frozen):
    """A role of the organisation's own. `task` is an example of what it is for; one that is named like a role that
    comes with the product stands in its place.
    """

    definition: AgentDefinition
    task: Annotated[str, Field(max_length=20_000)] = ""
    note: Annotated[str, Field(max_length=1_000)] = ""
    author: Actor
    saved_at: datetime

    @property
    def id(self) -> str:
        """What it is called."""
        return self.definition.id

    @property
    def digest(self) -> str:
        """What tells it from every other one: of its definition and its example."""
        return template_digest(self.definition, self.task)


def template_digest(definition: AgentDefinition, task: str) -> str:
    """Return the digest of a role with its example."""
    return hashlib.sha256(f"{definition.digest}\n{task}".encode(errors="replace")).hexdigest()


OWN_TEMPLATES: Final = Kind("role_template", OwnTemplate, key=lambda one: one.id)
