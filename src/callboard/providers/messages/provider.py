"""Messages over HTTP."""

from decimal import Decimal

from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.providers.messages.decode import decoder
from callboard.providers.messages.encode import encode, encode_tools
from callboard.providers.messages.model_facts import direct_name
from callboard.providers.prices import ceiling, priced
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.endpoint_call import EndpointClient, Target
from callboard.providers.wire.tool_bytes import ToolBytes
from callboard.providers.wire.transport import HttpTransport


class MessagesProvider:
    """A model endpoint that speaks Anthropic Messages.

    Args:
        target: where requests go.
        transport: shared by all providers of a process.
    """

    def __init__(self, target: Target, transport: HttpTransport) -> None:
        self._client = EndpointClient(target, transport)
        self._history = EncodedHistory()
        self._tools = ToolBytes(encode_tools)

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        """Stream one answer; see `ModelProvider.complete`."""
        tools = self._tools.of(request.tools)
        model = direct_name(request.model)
        answer = await self._client.exchange(
            "/v1/messages",
            encode(request, model, self._history, tools),
            decoder(self._client.target.provider, tools.names),
            on_delta,
        )
        return await priced(answer, self._client.target.vendor, model)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """See `PricedProvider.ceiling_usd`."""
        vendor, name = self._client.target.vendor, direct_name(model)
        return await ceiling(vendor, name, input_tokens=input_tokens, output_tokens=output_tokens)
