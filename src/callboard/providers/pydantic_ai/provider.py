"""A provider over pydantic-ai's model layer."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class PydanticAIProvider:
    """Reaches models by pydantic-ai's own `provider:model` strings; implements `ModelProvider`.

    Keys are read by pydantic-ai, from the environment variables that it documents.

    Args:
        model: a pydantic-ai model to ask whatever a request names; None: the one that it names.

    Raises:
        ConfigurationInvalid: the extra is not installed.
    """

    def __init__(self, model: "Model | None" = None) -> None:
        if find_spec("pydantic_ai") is None:
            raise ConfigurationInvalid(
                "The provider pydantic-ai needs an extra: pip install 'callboard[pydantic-ai]'"
            )
        self._model = model

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Stream one answer; see `ModelProvider.complete`."""
        # The library is optional and takes seconds to import: only its users pay.
        from callboard.providers.pydantic_ai.call import complete  # noqa: PLC0415

        return await complete(self._model, request, on_delta)
