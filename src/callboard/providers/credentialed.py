"""A provider that says with every answer whose key was used."""

from dataclasses import replace
from decimal import Decimal

from callboard.domain.credential import Credential
from callboard.ports.model import (
    ModelAnswer,
    ModelProvider,
    ModelRequest,
    OnDelta,
    PricedProvider,
)


class CredentialedProvider:
    """Names the credential in every answer, for the ledgers."""

    def __init__(self, provider: ModelProvider, credential: Credential) -> None:
        self._provider = provider
        self._credential = str(credential)
        self.key_name = credential.name

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """See `ModelProvider.complete`."""
        answer = await self._provider.complete(request, on_delta)
        return replace(answer, credential=self._credential)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """See `PricedProvider.ceiling_usd`."""
        if not isinstance(self._provider, PricedProvider):
            return None
        return await self._provider.ceiling_usd(
            model, input_tokens=input_tokens, output_tokens=output_tokens
        )
