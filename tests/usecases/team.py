"""A space with people and scripted agents, for tests of what happens around tasks."""

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.gate import Verdict
from callboard.domain.org.principal import as_owner
from callboard.domain.org.roles import SpaceRole
from callboard.domain.org.task import TASKS
from callboard.domain.workflow import WorkflowDefinition
from callboard.testing.clock import PatientClock
from callboard.testing.model import Script, ScriptedCall, ScriptedProvider, Turn
from callboard.testing.rig import FixedRegistry, rig
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.queueing import fail, queue_task
from callboard.usecases.spaces import NewSpace, create_space, set_member
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow

ROOT = as_owner(Actor(kind="person", name="root"))
WRITER = AgentDefinition.model_validate(
    {
        "id": "writer",
        "display_name": "Writer",
        "model": "scripted/writer",
        "tool_names": ("put", "ask_user"),
    }
)
WRITES = Script(
    turns=(
        Turn(
            calls=(ScriptedCall(tool="put", arguments={"path": "a.py", "text": "1"}),),
        ),
        Turn(text="done"),
    )
)


def flow(**sign_off):
    """Return a workflow of one agent and one sign-off."""
    deploy = {"kind": "people", "id": "deploy", "title": "Deploy", "on_reject": "write"}
    steps = [
        {"kind": "agent", "id": "write", "title": "Write", "agent": "writer"},
        deploy | {"approvers": {"roles": ["maintainer"]}} | sign_off,
    ]
    return WorkflowDefinition.model_validate({"id": "flow", "title": "Flow", "steps": steps})


class Team:
    """A space `auth`: ann contributes, mia and max maintain, vic views, zoe belongs to nothing."""

    def __init__(self, app, clock):
        self.app, self.clock = app, clock
        self.worker = Worker(app)

    async def person(self, name):
        principal = await principal_of(self.app, Actor(kind="person", name=name))
        assert principal is not None
        return principal

    async def waiting(self, title="Add login", who="ann", **fields):
        """Create a task and work on it until it waits for its sign-off."""
        task = await self.started(title, who, **fields)
        await self.work()
        return task

    async def started(self, title="Add login", who="ann", **fields):
        """Create a task and start it."""
        person = await self.person(who)
        task = await create_task(self.app, person, "auth", NewTask(title, **fields))
        return await queue_task(self.app, person, task.key)

    async def fails(self, key, reason):
        """Let a task fail that could not begin."""
        kept = await self.app.records.get(TASKS, key)
        assert kept is not None
        await fail(self.app, kept, reason)

    async def work(self):
        await self.worker.idle()

    async def digest(self, run_id):
        return (await open_gate(self.app, ROOT, run_id)).gate.digest

    async def decide(self, who, run_id, verdict: Verdict = "approve", note="", **how):
        decision, digest = Decision(verdict, note), await self.digest(run_id)
        person = await self.person(who)
        return await record_decision(self.app, person, run_id, decision, digest=digest, **how)


async def new_team(writes=WRITES, **doubles):
    """Return the team, with its workflow and an agent that does as its script says."""
    clock = PatientClock()
    registry = FixedRegistry({"writer": WRITER})
    app = rig(ScriptedProvider({"writer": writes}), clock=clock, registry=registry, **doubles)
    for name in ("ann", "mia", "max", "vic", "zoe"):
        await add_person(app, ROOT, NewPerson(name, name.title(), email=f"{name}@example.test"))
    wish = NewSpace("auth", "Auth", "AUTH", repository="/repository", workflow="flow")
    await create_space(app, ROOT, wish)
    roles: dict[str, SpaceRole] = {
        "ann": "contributor",
        "mia": "maintainer",
        "max": "maintainer",
        "vic": "viewer",
    }
    for name, role in roles.items():
        await set_member(app, ROOT, "auth", f"person:{name}", role)
    await apply_workflow(app, ROOT, flow())
    return Team(app, clock)
