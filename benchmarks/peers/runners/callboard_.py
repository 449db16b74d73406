"""Callboard itself, every event durable: on SQLite, or with `--postgres URL` there. It always streams."""

import asyncio
import json
import sys
from dataclasses import replace

from benchmarks.one_tool import Look, OneTool
from benchmarks.turns import Unused
from common import Runner, look, serve
from pydantic import SecretStr

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import as_owner
from callboard.domain.tool import json_outputs
from callboard.ports.tools import ToolContext, ToolOutcome
from callboard.providers.directory import ProviderDirectory
from callboard.providers.endpoints import Endpoint
from callboard.runtime.driver import Driver
from callboard.runtime.system import SystemClock, relax_collector
from callboard.stores.sqlite.store import SqliteEventStore
from callboard.testing.rig import ANN, BEN, rig
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import list_unfinished, resume_run
from callboard.usecases.start_run import StartRun, start_run

_MODELS = ("bench-1", "bench-2", "bench-10", "bench-50", "bench-1000", "slow-50", "text-2000")


class Counted(Look):
    """The tool of every runner."""

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """Do it."""
        del context
        return ToolOutcome(json_outputs(json.loads(look(str(arguments["path"])))))


def _agent(model: str, name: str, *rules: PermissionRule) -> AgentDefinition:
    return AgentDefinition(
        id=name,
        display_name="Bench",
        model=model,
        provider="openrouter",
        tool_names=("look",),
        limits=Limits(turns=10_000),
        permissions=rules,
    )


class Callboard(Runner):
    """The runtime, a store and the provider, as the product puts them together."""

    async def open(self) -> None:
        """See `Runner`."""
        if "--postgres" in sys.argv:
            from callboard.stores.postgres.store import PostgresEventStore  # noqa: PLC0415

            url = sys.argv[sys.argv.index("--postgres") + 1]
            store = await PostgresEventStore.open(url, self.home)
        else:
            store = await SqliteEventStore.open(self.home / "callboard.db")
        asks = PermissionRule(effect="ask", tool="look")
        agents = [_agent(model, model) for model in _MODELS]
        agents.append(_agent("bench-2", "asks", asks))
        app = rig(Unused(), *agents, store=store, clock=SystemClock(), tools=OneTool(Counted()))
        endpoint = Endpoint("openrouter", api_key=SecretStr("none"), base_url=self.url)
        ports = replace(app.ports, models=ProviderDirectory({"openrouter": endpoint}))
        self.app = replace(app, ports=ports, driver=Driver(ports))
        relax_collector()

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del stream
        ended = await start_run(self.app, as_owner(ANN), StartRun(key, model, "/bench", "go"))
        if ended.terminal is None or ended.terminal.type != "run.completed":
            raise RuntimeError(f"{key}: {ended}")

    async def wait(self, key: str, model: str) -> None:
        """See `Runner`."""
        del model
        await start_run(self.app, as_owner(ANN), StartRun(key, "asks", "/bench", "go"))

    async def wake(self, key: str) -> None:
        """See `Runner`."""
        gate = (await open_gate(self.app, as_owner(BEN), key)).gate
        await decide_gate(self.app, as_owner(BEN), key, Decision("approve"), digest=gate.digest)

    async def recover(self) -> None:
        """See `Runner`."""
        left = await list_unfinished(self.app, as_owner(ANN))
        await asyncio.gather(*(resume_run(self.app, as_owner(ANN), key) for key in left))


if __name__ == "__main__":
    serve(Callboard)
