"""`callboard demo`: a task, a workflow of agents and a person, a real repository."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from callboard.bootstrap import Sources, shipped_workflow
from callboard.cli.arguments import absolute
from callboard.cli.demo_repository import make_repository
from callboard.cli.process import (
    DONE,
    INTERRUPTED,
    exit_code,
    guarded,
    interruptible,
    settings,
    with_app,
)
from callboard.cli.program import program
from callboard.cli.progress import Progress
from callboard.cli.sign_off import ask, can_ask
from callboard.cli.story.story import Story
from callboard.cli.streams import ERR, OUT, give, say
from callboard.cli.thread import print_summary, print_thread
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.gate import Verdict
from callboard.domain.org.principal import Principal
from callboard.domain.output import StructuredOutput
from callboard.domain.workflow import Task
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import OpenGate, open_gate
from callboard.usecases.runs import show_run
from callboard.usecases.start_task import StartTask, start_task

app = typer.Typer(rich_markup_mode=None, add_completion=False)

WORKFLOW = "implement-review-sign-off"
SCRIPTED = {
    "implementer": "scripted/demo-implementer",
    "code-reviewer": "scripted/demo-code-reviewer",
}
_TASK = "Make the test pass"
_CHECK = "python -m pytest"


@dataclass(frozen=True, slots=True)
class _Wish:
    repo: Path | None
    task: str
    check: str
    model: str | None
    yes: bool

    @property
    def scripted(self) -> bool:
        return self.repo is None and self.model is None


@app.command()
def demo(
    repo: Annotated[
        Path | None, typer.Option(help="Your own git repository instead of the example.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="What is to be done.")] = None,
    check: Annotated[
        str | None, typer.Option(help="Command that must exit 0 for the work to pass.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model for all agents, like anthropic/claude-sonnet-4.5.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Sign off without asking.")] = False,
) -> None:
    """Take a task through Implement, Code review and Sign-off in a real repository."""

    def body() -> int:
        if repo is not None and (task is None or check is None):
            raise ConfigurationInvalid(
                "--repo needs --task (what is to be done) and --check (a command that exits 0 when it is)"
            )
        place = absolute(repo) if repo is not None else None
        wish = _Wish(place, task or _TASK, check or _CHECK, model, yes)
        return with_app(lambda app, who: _Demo(app, who, wish).run(), Sources(place))

    guarded(body)


class _Demo:
    """One demonstration, from the repository to the thread."""

    def __init__(self, app: App, who: Principal, wish: _Wish) -> None:
        self._app = app
        self._who = who
        self._wish = wish
        self._run_id = app.ids.run_id()
        self._story = Story()

    async def run(self) -> int:
        home = settings().home
        repository = self._wish.repo or make_repository(home / "demo" / self._run_id)
        _introduce(self._wish, repository)
        ended, stopped = await self._start(repository)
        while ended.terminal is None and not stopped:
            decided = await self._sign_off()
            if decided is None:
                return DONE
            ended, stopped = decided
        await self._show_thread()
        _conclude(ended, repository, scripted=self._wish.scripted)
        return INTERRUPTED if stopped else exit_code(ended, interrupted=False)

    async def _start(self, repository: Path) -> tuple[Ended, bool]:
        wish = self._wish
        folder = repository / ".agents"
        start = StartTask(
            run_id=self._run_id,
            task=Task(title=wish.task),
            workflow=shipped_workflow(WORKFLOW),
            repository=str(repository),
            checks=(wish.check,),
            model=wish.model,
            models=SCRIPTED if wish.scripted else {},
            folders=(str(folder),) if folder.is_dir() else (),
        )
        with self._progress() as progress, self._watching(progress):
            return await interruptible(
                self._app, self._run_id, start_task(self._app, self._who, start)
            )

    def _progress(self) -> Progress:
        return Progress(self._story)

    def _watching(self, progress: Progress):  # noqa: ANN202 - the port's own context manager
        return self._app.ports.live.watching(progress.event, progress.delta)

    async def _sign_off(self) -> tuple[Ended, bool] | None:
        """Have the person decide and drive on; None leaves the task waiting."""
        gate = await open_gate(self._app, self._who, self._run_id)
        decision = await self._decision(gate)
        if decision is None:
            _say_how_to_go_on(self._run_id)
            return None
        verdict, note = decision
        with self._progress() as progress, self._watching(progress):
            work = decide_gate(
                self._app,
                self._who,
                gate.row.run_id,
                Decision(verdict, note=note),
                digest=gate.gate.digest,
            )
            return await interruptible(self._app, self._run_id, work)

    async def _decision(self, gate: OpenGate) -> tuple[Verdict, str] | None:
        if self._wish.yes:
            return "approve", ""
        if not can_ask():
            return None
        try:
            return await ask(self._app, self._who, gate)
        except (asyncio.CancelledError, KeyboardInterrupt):
            _say_how_to_go_on(self._run_id)
            raise

    async def _show_thread(self) -> None:
        """Print the thread, or only its end where the same terminal has just shown it live."""
        shown = await show_run(self._app, self._who, self._run_id)
        if OUT.isatty() and ERR.isatty():
            print_summary(shown, self._story)
        else:
            print_thread(shown)


def _introduce(wish: _Wish, repository: Path) -> None:
    say(f"Repository  {repository}\nTask        {wish.task}\nCheck       {wish.check}")
    if wish.scripted:
        say(
            "Model       the offline scripted model: it says what a script says. Everything else (git,\n"
            "            files, commands, tests, checks, the log) is real, and nothing is paid.\n"
            f"            A real one: {program()} demo --model anthropic/claude-sonnet-4.5\n"
            "            (with OPENROUTER_API_KEY set)"
        )


def _say_how_to_go_on(run_id: str) -> None:
    say(
        f"\nTask {run_id} waits for a sign-off. Look at it and decide, now or in a week:\n"
        f"  {program()} inbox show {run_id}\n"
        f"  {program()} inbox decide {run_id} approve\n"
        f"  {program()} inbox decide {run_id} reject --note 'what should change'"
    )


def _conclude(ended: Ended, repository: Path, *, scripted: bool) -> None:
    if ended.terminal is None or ended.terminal.type != "run.completed":
        return
    output = ended.terminal.output
    value = output.value if isinstance(output, StructuredOutput) else None
    if isinstance(value, dict) and value.get("branch"):
        give(f"See the change: git -C {quote(str(repository))} show {value['branch']}")
    if scripted:
        give("The models' words were scripted; no money was spent.")
