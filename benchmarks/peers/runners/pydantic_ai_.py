"""pydantic-ai: an agent with a plain tool over chat completions."""

from collections.abc import AsyncIterable

from common import Runner, look, serve
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

LIMITS = UsageLimits(request_limit=None)


def look_at(path: str) -> str:
    """Look at a file."""
    return look(path)


async def watched(context: object, events: AsyncIterable[object]) -> None:
    """Take every event of a stream and do nothing with it."""
    del context
    async for _ in events:
        pass


class PydanticAI(Runner):
    """One agent, with the model named by the run."""

    async def open(self) -> None:
        """See `Runner`."""
        self.provider = OpenAIProvider(base_url=self.url, api_key="none")
        self.agent = Agent(name="bench")
        self.agent.tool_plain(name="look")(look_at)

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del key
        asked = OpenAIChatModel(model, provider=self.provider)
        handler = watched if stream else None
        await self.agent.run("go", model=asked, usage_limits=LIMITS, event_stream_handler=handler)


if __name__ == "__main__":
    serve(PydanticAI)
