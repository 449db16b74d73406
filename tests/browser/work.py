"""A space with an agent, a workflow and a real repository, for stories about work."""

import subprocess
import time

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.message import JsonObject
from callboard.domain.org.roles import SpaceRole
from callboard.domain.workflow import WorkflowDefinition
from callboard.testing.model import Match, Rule, Script, ScriptedCall, Turn
from callboard.usecases.board import show_task
from callboard.usecases.queueing import queue_task
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.workflows import apply_workflow
from tests.browser.served import ROOT, WITHIN_S

WRITER = AgentDefinition.model_validate(
    {
        "id": "writer",
        "display_name": "Writer",
        "model": "scripted/writer",
        "tool_names": ("write_file", "ask_user", "end_turn"),
        "skills": ("coding",),
    }
)
ROLES: dict[str, SpaceRole] = {"ann": "contributor", "mia": "maintainer", "vic": "viewer"}
QUESTION: JsonObject = {
    "question": "Which colour?",
    "options": [{"label": "Red"}, {"label": "Blue"}],
}
ASKS = ScriptedCall(tool="ask_user", arguments={"questions": [QUESTION]})
WRITES = ScriptedCall(tool="write_file", arguments={"path": "a.py", "content": "LIMIT = 1\n"})
SCRIPTS = {
    "writer": Script(
        rules=(
            Rule(
                when=Match(conversation="^AUTH-2-"),
                turns=(Turn(calls=(ASKS,)), Turn(calls=(WRITES,)), Turn(text="It is red.")),
            ),
        ),
        turns=(Turn(calls=(WRITES,)), Turn(text="It is written.")),
    )
}
FLOW = WorkflowDefinition.model_validate(
    {
        "id": "flow",
        "title": "Write, sign off",
        "steps": [
            {
                "kind": "agent",
                "id": "write",
                "title": "Writing",
                "agent": "writer",
                "max_attempts": 5,
            },
            {
                "kind": "people",
                "id": "deploy",
                "title": "Deploy",
                "approvers": {"roles": ["maintainer"]},
                "on_reject": "write",
            },
        ],
    }
)


def repository(place):
    """Make a repository with one commit, and return its path."""
    place.mkdir()
    (place / "README.md").write_text("# Auth\n")
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@auth.invalid")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *identity, *arguments], cwd=place, check=True)
    return str(place)


def set_up(site, place):
    """Let ann contribute to the space `auth`, mia maintain it and vic view it; zoe belongs to nothing."""
    people = {name: site.person(name) for name in ("ann", "mia", "vic", "zoe")}
    space = NewSpace("auth", "Sign-in", "AUTH", repository=repository(place), workflow="flow")
    site.do(lambda app: create_space(app, ROOT, space))
    for name in ("ann", "mia", "vic"):
        site.do(lambda app, name=name: set_member(app, ROOT, "auth", f"person:{name}", ROLES[name]))
    site.do(lambda app: apply_workflow(app, ROOT, FLOW, space="auth", note="As we work."))
    return people


def task(site, title="Add login", *, start=False, **fields):
    """Write a task down as root, and start it where that is wanted; return its key."""

    async def written(app):
        made = await create_task(app, ROOT, "auth", NewTask(title, **fields))
        if start:
            await queue_task(app, ROOT, made.key)
        return made.key

    return site.do(written)


def state(site, key):
    """Return where a task stands."""
    return site.do(lambda app: show_task(app, ROOT, key)).task.state


def until(look):
    """Look again and again until there is something, for a bounded time."""
    end = time.monotonic() + WITHIN_S
    while not (found := look()):
        assert time.monotonic() < end, "nothing came of it"
    return found


def waits(site, key, run=""):
    """Wait until a task, or a run below it, waits for people."""

    def is_waiting():
        row = site.do(lambda app: app.ports.store.row(f"{key}-1{run}"))
        return row is not None and row.status == "waiting"

    until(is_waiting)
