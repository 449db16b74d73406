"""A Callboard in this process: the same engine, log and sandbox that the command uses."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from callboard.bootstrap import Additions, Sources, build_app
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.org.principal import Principal, on_this_machine
from callboard.domain.run.state import RunState
from callboard.ports.model import ModelProvider
from callboard.ports.tools import Tool
from callboard.runtime.children import Ended
from callboard.runtime.reading import load
from callboard.runtime.standing import fold_any
from callboard.sdk.options import RunOptions, check_call
from callboard.sdk.results import RunResult
from callboard.sdk.streams import Stream
from callboard.settings import process_settings, read_settings
from callboard.usecases.app import App
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run


class Callboard:
    """Runs agents. Use it as an asynchronous context manager.

    Args:
        workspace: the directory that tools see.
        agents: definitions beside those in the workspace's `.agents`, which they hide.
        tools: functions made by `tool`, for agents that have their names in `tool_names`.
        folders: folders with definitions, instead of the workspace's `.agents`.
        providers: model providers by name, beside the configured ones; for tests.
        environ: the environment to read settings from (default: this process's).
    """

    def __init__(
        self,
        workspace: str | Path = ".",
        *,
        agents: Sequence[AgentDefinition] = (),
        tools: Sequence[Tool] = (),
        folders: Sequence[str | Path] = (),
        providers: Mapping[str, ModelProvider] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._workspace = Path(workspace).absolute()
        self._folders = tuple(Path(folder).absolute() for folder in folders)
        self._additions = Additions(
            agents=tuple(agents),
            tools={one.spec.name: one for one in tools},
            providers=dict(providers or {}),
        )
        self._settings = process_settings() if environ is None else read_settings(environ)
        self._stack = AsyncExitStack()
        self._app: App | None = None

    async def __aenter__(self) -> Self:
        """Open the log and everything behind it.

        Raises:
            ConfigurationInvalid: the home directory or the database cannot be used.
        """
        sources = Sources(self._workspace, self._folders)
        self._app = await build_app(self._settings, sources, self._additions)
        self._stack.push_async_callback(self._app.close)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of everything."""
        await self._stack.aclose()
        self._app = None

    async def run(
        self,
        agent: AgentDefinition | str,
        prompt: str | None = None,
        **options: Unpack[RunOptions],
    ) -> RunResult:
        """Run an agent until it ends or waits for somebody.

        Args:
            agent: a definition, or a reference to one.
            prompt: what to do.
            **options: see `RunOptions`.

        Raises:
            ConfigurationInvalid: an input that does not fit, a missing key, a taken id.
            UnknownThing: no such agent, or no such previous run.
            TypeError: an option that there is not, or something of another kind than is asked for.
        """
        wish = self._wish(agent, prompt, options)
        return await self._result(wish.run_id, await start_run(self._open(), self._who(), wish))

    def stream(
        self,
        agent: AgentDefinition | str,
        prompt: str | None = None,
        **options: Unpack[RunOptions],
    ) -> Stream:
        """Run an agent and watch: iterate over events and pieces of text as they come. See `run`."""
        app, who = self._open(), self._who()
        wish = self._wish(agent, prompt, options)

        async def work() -> RunResult:
            return await self._result(wish.run_id, await start_run(app, who, wish))

        return Stream(app, who.actor, wish.run_id, work)

    async def resume(self, run_id: str) -> RunResult:
        """Continue a run whose process died.

        Raises:
            UnknownThing: no such run.
            RunBusy: a living process drives it.
        """
        return await self._result(run_id, await resume_run(self._open(), self._who(), run_id))

    def _wish(
        self, agent: AgentDefinition | str, prompt: str | None, options: RunOptions
    ) -> StartRun:
        check_call(agent, prompt, options)
        previous = options.get("previous_run")
        return StartRun(
            run_id=options.get("run_id") or self._open().ids.run_id(),
            agent=agent,
            workspace=str(self._workspace),
            prompt=prompt,
            params=options.get("params"),
            attachments=tuple(options.get("attachments", ())),
            limits=options.get("limits") or Limits(),
            previous=previous.run_id if isinstance(previous, RunResult) else previous,
            folders=tuple(map(str, self._folders)),
        )

    async def _result(self, run_id: str, ended: Ended) -> RunResult:
        state = fold_any(await load(self._open().ports.store, run_id))
        output = ended.terminal.output if ended.terminal is not None else None
        return RunResult(
            run_id=run_id,
            status="waiting" if state.status == "running" else state.status,
            output=output,
            cost_usd=ended.bill.total_usd,
            usage=ended.usage,
            messages=state.messages if isinstance(state, RunState) else (),
            question=ended.waiting[1] if ended.waiting is not None else None,
        )

    def _open(self) -> App:
        if self._app is None:
            raise RuntimeError("a Callboard is used as `async with Callboard() as board:`")
        return self._app

    def _who(self) -> Principal:
        return on_this_machine(self._settings.user)
