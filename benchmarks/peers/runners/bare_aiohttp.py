"""A loop over aiohttp and orjson that records nothing: the client that Callboard uses."""

import aiohttp
import orjson
from bare_socket import TOOL, folded
from common import Runner, look, serve

_HEADERS = {"content-type": "application/json"}


class Aiohttp(Runner):
    """One session for all runs."""

    async def open(self) -> None:
        """See `Runner`."""
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del key
        messages: list[dict] = [{"role": "user", "content": "go"}]
        while True:
            body = {"model": model, "messages": messages, "tools": [TOOL], "stream": stream}
            message = await self._asked(orjson.dumps(body), stream=stream)
            messages.append(message)
            if not message.get("tool_calls"):
                return
            for call in message["tool_calls"]:
                result = look(orjson.loads(call["function"]["arguments"])["path"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

    async def _asked(self, body: bytes, *, stream: bool) -> dict:
        asked = self.session.post(f"{self.url}/chat/completions", data=body, headers=_HEADERS)
        async with asked as response:
            if not stream:
                return orjson.loads(await response.read())["choices"][0]["message"]
            return folded(
                [
                    orjson.loads(line[6:])
                    async for line in response.content
                    if line.startswith(b"data: {")
                ]
            )


if __name__ == "__main__":
    serve(Aiohttp)
