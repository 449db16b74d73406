"""Chat completions over HTTP."""

from decimal import Decimal

from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.providers.chat.decode import decoder
from callboard.providers.chat.dialect import Dialect
from callboard.providers.chat.encode import encode, encode_tools
from callboard.providers.prices import ceiling, priced
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.endpoint_call import EndpointClient, Target
from callboard.providers.wire.tool_bytes import ToolBytes
from callboard.providers.wire.transport import HttpTransport


class ChatProvider:
    """A model endpoint that speaks OpenAI chat completions.

    Args:
        target: where requests go.
        dialect: whose variant of the format is spoken.
        transport: shared by all providers of a process.
    """

    def __init__(self, target: Target, dialect: Dialect, transport: HttpTransport) -> None:
        self._client = EndpointClient(target, transport)
        self._dialect = dialect
        self._history = EncodedHistory()
        self._tools = ToolBytes(encode_tools)

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Stream one answer; see `ModelProvider.complete`."""
        tools = self._tools.of(request.tools)
        model = self._model(request.model)
        answer = await self._client.exchange(
            "/chat/completions",
            encode(request, model, self._dialect, self._history, tools),
            decoder(self._client.target.provider, self._dialect.name, tools.names),
            on_delta,
        )
        if answer.cost_usd is not None:
            return answer
        return await priced(answer, self._client.target.vendor, model)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """See `PricedProvider.ceiling_usd`."""
        vendor, name = self._client.target.vendor, self._model(model)
        return await ceiling(vendor, name, input_tokens=input_tokens, output_tokens=output_tokens)

    def _model(self, model: str) -> str:
        return model.removeprefix("openai/") if self._dialect.name == "openai" else model
