"""agno: an agent with a function tool over chat completions, without its telemetry."""

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from common import Runner, serve
from common import look as looked


def look(path: str) -> str:
    """Look at a file.

    Args:
        path: which one.
    """
    return looked(path)


class Agno(Runner):
    """One agent per model name, a session per run."""

    async def open(self) -> None:
        """See `Runner`."""
        self.agents: dict[str, Agent] = {}

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        if model not in self.agents:
            asked = OpenAIChat(id=model, base_url=self.url, api_key="none")
            self.agents[model] = Agent(model=asked, tools=[look], telemetry=False)
        if not stream:
            await self.agents[model].arun("go", session_id=key)
            return
        async for _ in self.agents[model].arun("go", session_id=key, stream=True):
            pass


if __name__ == "__main__":
    serve(Agno)
