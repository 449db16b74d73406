"""A loop over the vendor's own client that records nothing."""

import json

from bare_socket import TOOL, folded
from common import Runner, look, serve
from openai import AsyncOpenAI


class OpenAIClient(Runner):
    """One client for all runs."""

    async def open(self) -> None:
        """See `Runner`."""
        self.client = AsyncOpenAI(base_url=self.url, api_key="none")

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del key
        messages: list[dict] = [{"role": "user", "content": "go"}]
        while True:
            message = await self._asked(model, messages, stream=stream)
            messages.append(message)
            if not message.get("tool_calls"):
                return
            for call in message["tool_calls"]:
                result = look(json.loads(call["function"]["arguments"])["path"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

    async def _asked(self, model: str, messages: list[dict], *, stream: bool) -> dict:
        completions = self.client.chat.completions
        if not stream:
            told = await completions.create(model=model, messages=messages, tools=[TOOL])
            return told.choices[0].message.model_dump(exclude_none=True)
        chunks = await completions.create(model=model, messages=messages, tools=[TOOL], stream=True)
        return folded([chunk.model_dump() async for chunk in chunks])


if __name__ == "__main__":
    serve(OpenAIClient)
