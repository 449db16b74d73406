"""A team at work: one space, three tasks, three agents and two people, on a real repository, offline.

    python examples/team/story.py

Ann writes the tasks down, agents work on them, a reviewer sends one back, a security reviewer is found for the one
that touches the sign-in, and Mia, who maintains the space, lets them go out: whoever asked for the work cannot.
Nothing but the models' words is scripted.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from callboard.bootstrap import Sources, build_app
from callboard.definitions.workflows import load_workflow
from callboard.domain.actor import Actor
from callboard.domain.events.workflow import StepAssigned, StepEnded, StepSkipped
from callboard.domain.org.principal import Principal, on_this_machine
from callboard.settings import process_settings
from callboard.usecases.app import App, NotAllowed
from callboard.usecases.board import list_tasks, show_task
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.queueing import queue_task
from callboard.usecases.roster import NewVersion, save_agent
from callboard.usecases.roster_moves import promote_agent
from callboard.usecases.roster_reading import find_in_roster
from callboard.usecases.runs import show_run
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.start_run import find_agent
from callboard.usecases.tasks import NewTask, comment_on, create_task
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

HERE = Path(__file__).parent
FILES = {
    ".gitignore": "__pycache__/\n",
    "README.md": "# Payments\n",
    "payments/__init__.py": "",
    "payments/auth/__init__.py": "",
    "payments/auth/session.py": "LIFETIME_S = 86400\n",
}
TASKS = (
    NewTask("Refund a payment", criteria=("nobody can be charged by a refund",), priority="high"),
    NewTask("End sessions after an hour", labels=("security",)),
    NewTask("Tell about refunds in the README", depends_on=("PAY-1",)),
)


def make_repository(place: Path) -> None:
    """Make the repository that the team works on."""
    for name, content in FILES.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@payments.invalid")
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *identity, *arguments], cwd=place, check=True)  # noqa: S603, S607


async def person(app: App, name: str) -> Principal:
    """Return somebody with the rights of this moment."""
    found = await principal_of(app, Actor(kind="person", name=name))
    if found is None:
        raise LookupError(name)
    return found


async def set_up(app: App, repository: Path) -> None:
    """Create the space and let two people and a workflow belong to it."""
    owner = on_this_machine("olga")
    for name in ("ann", "mia"):
        await add_person(app, owner, NewPerson(name, name.title()))
    space = NewSpace("payments", "Payments", "PAY", repository=str(repository), workflow="payments")
    await create_space(app, owner, space)
    await set_member(app, owner, "payments", "person:ann", "contributor")
    await set_member(app, owner, "payments", "person:mia", "maintainer")
    await apply_workflow(app, owner, load_workflow(HERE / "workflow.yaml"), space="payments")
    for name in ("payments-implementer", "payments-reviewer", "payments-guard"):
        definition = await find_agent(app, name)
        await save_agent(app, owner, NewVersion(definition, ("payments",), note="as in its file"))
        await promote_agent(app, owner, name)


async def board(app: App, who: Principal, tell: Callable[[str], None]) -> None:
    """Tell how every task stands."""
    for view in reversed(await list_tasks(app, who)):
        tell(f"  {view.task.key}  {view.task.title}: {view.standing.sentence}")


async def cast(app: App, who: Principal, key: str, tell: Callable[[str], None]) -> None:
    """Tell who did which step of a task, why they, and what was sent back."""
    view = await show_task(app, who, key)
    for recorded in (await show_run(app, who, view.task.run_id or "")).events:
        match recorded.event:
            case StepAssigned() as event:
                name = event.definition.display_name
                who_and_why = f"{name}, version {event.agent_version} ({event.reason})"
                tell(f"  {key}  {event.step} {event.attempt}: {who_and_why}")
            case StepSkipped() as event:
                tell(f"  {key}  {event.step} is not needed: {event.reason}")
            case StepEnded(outcome="rejected") as event:
                tell(f"  {key}  {event.step} sends it back: {event.reason}")
            case _:
                pass


async def improve(app: App, who: Principal, tell: Callable[[str], None]) -> None:
    """Save a better version of the reviewer and make it live: every workflow that names no version follows."""
    listed = await find_in_roster(app, who, "payments-reviewer")
    before = listed.version.definition
    better = (
        f"{before.instructions_prompt}\nTry amounts of zero and less on everything that takes one."
    )
    definition = before.model_copy(update={"instructions_prompt": better})
    version = await save_agent(app, who, NewVersion(definition, note="learned from PAY-1"))
    moved = await promote_agent(app, who, "payments-reviewer", version.number)
    touched = ", ".join(moved.touches.queued + moved.touches.under_way)
    tell(f"Mia makes version {version.number} of the reviewer live. It touches {touched}.")


async def sign_off(app: App, who: Principal, key: str) -> None:
    """Approve what a task waits for."""
    view = await show_task(app, who, key)
    run_id = view.task.run_id or ""
    gate = await open_gate(app, who, run_id)
    await record_decision(app, who, run_id, Decision("approve"), digest=gate.gate.digest)


async def story(place: Path, tell: Callable[[str], None]) -> dict[str, str]:
    """Tell the story in an empty directory; return the outcome of each task."""
    make_repository(place / "repository")
    settings = replace(
        process_settings(), home=place / "home", database=place / "home" / "callboard.db"
    )
    sources = Sources(place, agents=(HERE / "agents",), scripts=(HERE / "scripts.yaml",))
    app = await build_app(settings, sources)
    try:
        return await _story(app, place / "repository", tell)
    finally:
        await app.close()


async def _story(app: App, repository: Path, tell: Callable[[str], None]) -> dict[str, str]:
    await set_up(app, repository)
    ann, mia = await person(app, "ann"), await person(app, "mia")
    worker = Worker(app)
    tell("Ann writes three tasks down and starts them.")
    for wish in TASKS:
        task = await create_task(app, ann, "payments", wish)
        await queue_task(app, ann, task.key)
    await comment_on(app, ann, "PAY-1", "Amounts are in cents.")
    await worker.idle()
    tell("The agents worked. Now the board says:")
    await board(app, ann, tell)
    tell("Who did what, and why they:")
    for key in ("PAY-1", "PAY-2"):
        await cast(app, ann, key, tell)
    try:
        await sign_off(app, ann, "PAY-1")
    except NotAllowed as refusal:
        tell(f"Ann cannot let her own task out: {refusal}.")
    await improve(app, mia, tell)
    tell("Mia looks at the changes and lets both go out.")
    await sign_off(app, mia, "PAY-1")
    await sign_off(app, mia, "PAY-2")
    await worker.idle()
    tell("That was what the third task waited for.")
    await board(app, ann, tell)
    await sign_off(app, mia, "PAY-3")
    await worker.idle()
    await cast(app, ann, "PAY-3", tell)
    tell("In the end:")
    await board(app, ann, tell)
    return {view.task.key: view.task.outcome for view in await list_tasks(app, ann)}


def main() -> None:
    """Tell the story in a directory of its own, and take it away afterwards."""
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(story(Path(place), lambda line: print(line, flush=True)))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
