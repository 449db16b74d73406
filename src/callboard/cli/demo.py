"""`callboard demo`: a task, a workflow of agents and a person, a real repository."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from callboard.bootstrap import shipped_workflow
from callboard.cli.demo_repository import make_repository
from callboard.cli.process import (
    DONE,
    INTERRUPTED,
    exit_code,
    give,
    guarded,
    interruptible,
    say,
    settings,
    with_app,
)
from callboard.cli.progress import Progress
from callboard.cli.sign_off import ask, can_ask
from callboard.cli.thread import print_thread
from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.output import StructuredOutput
from callboard.domain.workflow import Task
from callboard.runtime.children import Ended
from callboard.usecases.app import App
from callboard.usecases.gates import decide_gate, open_gate
from callboard.usecases.runs import show_run
from callboard.usecases.start_task import StartTask, start_task

app = typer.Typer(rich_markup_mode=None)

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

    def work() -> int:
        if repo is not None and (task is None or check is None):
            raise ConfigurationInvalid(
                "--repo needs --task (what is to be done) and --check (a command that exits 0 when it is)"
            )
        wish = _Wish(repo, task or _TASK, check or _CHECK, model, yes)
        place = repo.absolute() if repo is not None else None
        return with_app(lambda app, actor: _run(app, actor, wish), workspace=place)

    guarded(work)


async def _run(app: App, actor: Actor, wish: _Wish) -> int:
    run_id = app.ids.run_id()
    home = settings().home
    repository = wish.repo or make_repository(home / "demo" / run_id)
    _introduce(wish, repository)
    start = StartTask(
        run_id=run_id,
        task=Task(title=wish.task),
        workflow=shipped_workflow(WORKFLOW),
        repository=str(repository.absolute()),
        checks=(wish.check,),
        model=wish.model,
        models=SCRIPTED if wish.scripted else {},
    )
    with (
        Progress(run_id, stream_text=False) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        ended, stopped = await interruptible(app, run_id, start_task(app, actor, start))
    while ended.terminal is None and not stopped:
        decided = await _sign_off(app, actor, run_id, yes=wish.yes)
        if decided is None:
            return DONE
        ended, stopped = decided
    print_thread(await show_run(app, actor, run_id))
    _conclude(ended, repository, scripted=wish.scripted)
    return INTERRUPTED if stopped else exit_code(ended, interrupted=False)


async def _sign_off(app: App, actor: Actor, run_id: str, *, yes: bool) -> tuple[Ended, bool] | None:
    """Have the person decide and drive on; None leaves the task waiting."""
    gate = await open_gate(app, actor, run_id)
    if yes:
        decision = ("approve", "")
    else:
        decision = await ask(app, actor, gate) if can_ask() else None
    if decision is None:
        say(
            f"\nTask {run_id} waits for a sign-off. Look at it and decide, now or in a week:\n"
            f"  callboard inbox show {run_id}\n"
            f"  callboard inbox decide {run_id} approve\n"
            f"  callboard inbox decide {run_id} reject --note 'what should change'"
        )
        return None
    verdict, note = decision
    with (
        Progress(run_id, stream_text=False) as progress,
        app.ports.live.watching(progress.event, progress.delta),
    ):
        work = decide_gate(
            app,
            actor,
            gate.row.run_id,
            "approve" if verdict == "approve" else "reject",
            note=note,
            digest=gate.gate.digest,
        )
        return await interruptible(app, run_id, work)


def _introduce(wish: _Wish, repository: Path) -> None:
    say(f"Repository: {repository}")
    say(f"Task: {wish.task}    Check: {wish.check}")
    if wish.scripted:
        say(
            "Model: the offline scripted model. It says what a script says; everything else (git, files,\n"
            "commands, tests, checks, the log) is real, and nothing is paid. For a real model:\n"
            "  callboard demo --model anthropic/claude-sonnet-4.5    (with OPENROUTER_API_KEY set)"
        )
    say("")


def _conclude(ended: Ended, repository: Path, *, scripted: bool) -> None:
    if ended.terminal is None or ended.terminal.type != "run.completed":
        return
    output = ended.terminal.output
    value = output.value if isinstance(output, StructuredOutput) else None
    if isinstance(value, dict) and value.get("branch"):
        give(f"See the change: git -C {repository} show {value['branch']}")
    if scripted:
        give("(The models' words were scripted; no money was spent.)")
