"""pydantic-ai made durable by DBOS on SQLite: the run is a workflow, each model request and tool call a step."""

import asyncio

from common import Runner, look, serve
from dbos import DBOS, SetWorkflowID
from pydantic_ai import Agent
from pydantic_ai.durable_exec.dbos import DBOSDurability
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

LIMITS = UsageLimits(request_limit=None)
AGENTS: dict[str, Agent] = {}


@DBOS.step()
async def look_at(path: str) -> str:
    """Look at a file."""
    return look(path)


@DBOS.workflow()
async def one_run(model: str) -> None:
    """Run an agent to its end."""
    await AGENTS[model].run("go", usage_limits=LIMITS)


class Durable(Runner):
    """One agent per model name, all of them known before DBOS begins."""

    async def open(self) -> None:
        """See `Runner`."""
        where = f"sqlite:///{self.home}/dbos.sqlite"
        DBOS(
            config={
                "name": "bench",
                "system_database_url": where,
                "log_level": "ERROR",
                "run_admin_server": False,
                "application_version": "1",
            }
        )
        provider = OpenAIProvider(base_url=self.url, api_key="none")
        for name in ("bench-1", "bench-10", "bench-50", "bench-1000", "slow-50"):
            model = OpenAIChatModel(name, provider=provider)
            agent = Agent(model, name=name, capabilities=[DBOSDurability()])
            agent.tool_plain(name="look")(look_at)
            AGENTS[name] = agent
        DBOS.launch()

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del stream
        with SetWorkflowID(key):
            await one_run(model)

    async def recover(self) -> None:
        """Wait until what `launch` began to recover has ended."""
        going = ["PENDING", "ENQUEUED"]
        while await DBOS.list_workflows_async(status=going):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    serve(Durable)
