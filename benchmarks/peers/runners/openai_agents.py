"""openai-agents: an agent with a function tool over chat completions, tracing off."""

from agents import Agent, OpenAIChatCompletionsModel, function_tool, set_tracing_disabled
from agents import Runner as Agents
from common import Runner, look, serve
from openai import AsyncOpenAI

set_tracing_disabled(True)


@function_tool(name_override="look")
def look_at(path: str) -> str:
    """Look at a file."""
    return look(path)


class OpenAIAgents(Runner):
    """One agent per model name."""

    async def open(self) -> None:
        """See `Runner`."""
        self.client = AsyncOpenAI(base_url=self.url, api_key="none")

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del key
        asked = OpenAIChatCompletionsModel(model=model, openai_client=self.client)
        agent = Agent(name="bench", model=asked, tools=[look_at])
        if not stream:
            await Agents.run(agent, "go", max_turns=10_000)
            return
        result = Agents.run_streamed(agent, "go", max_turns=10_000)
        async for _ in result.stream_events():
            pass


if __name__ == "__main__":
    serve(OpenAIAgents)
