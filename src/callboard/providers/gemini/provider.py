"""generateContent over HTTP."""

from decimal import Decimal
from urllib.parse import quote

from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.providers.gemini.decode import decoder
from callboard.providers.gemini.encode import encode, encode_tools, tag
from callboard.providers.gemini.model_facts import direct_name
from callboard.providers.prices import ceiling, priced
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.endpoint_call import EndpointClient, Target
from callboard.providers.wire.tool_bytes import ToolBytes
from callboard.providers.wire.transport import HttpTransport


class GeminiProvider:
    """A model endpoint that speaks Gemini's streamGenerateContent.

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
            f"/v1beta/models/{quote(model, safe='')}:streamGenerateContent?alt=sse",
            encode(request, model, self._history, tools),
            decoder(self._client.target.provider, tag(model), tools.names),
            on_delta,
        )
        return await priced(answer, self._client.target.vendor, model)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        """See `PricedProvider.ceiling_usd`."""
        vendor, name = self._client.target.vendor, direct_name(model)
        return await ceiling(vendor, name, input_tokens=input_tokens, output_tokens=output_tokens)
