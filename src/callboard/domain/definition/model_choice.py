"""One model that may be asked, and where."""

from typing import Annotated

from pydantic import Field

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.frozen import Frozen


class ModelChoice(Frozen):
    """A model, and whose it is where that is not what the definition says.

    With a `provider` of its own, the choice takes nothing from the definition: an address or a credential that
    is meant for one provider is of no use to another, and must not reach it. `base_url` and `credential` say nothing
    without a `provider`.
    """

    model: Annotated[str, Field(min_length=1)]
    provider: str | None = None
    base_url: str | None = None
    credential: str | None = None

    def applied_to(self, definition: AgentDefinition) -> AgentDefinition:
        """Return the definition as it reads where this choice is its model."""
        if self.provider is None:
            return definition
        return definition.model_copy(
            update={
                "model": self.model,
                "provider": self.provider,
                "base_url": self.base_url,
                "credential": self.credential,
            }
        )

    def __str__(self) -> str:
        """Return it as people write it."""
        return self.model if self.provider is None else f"{self.model} at {self.provider}"
