"""The rules that a deployment and a workspace bring along."""

from typing import Protocol

from callboard.domain.policy import PolicyLayer


class Policies(Protocol):
    """Where the rules of the organisation and of a space are kept."""

    async def layers(self, workspace: str) -> tuple[PolicyLayer, ...]:
        """Return the layers for runs in a workspace, the organisation's first; those without rules left out.

        Raises:
            ConfigurationInvalid: rules are there and cannot be read; nothing may run without them.
        """
        ...
