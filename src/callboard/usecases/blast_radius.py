"""What a change of an agent touches, before it is made: workflows, spaces, tasks and people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callboard.domain.org.principal import Principal
from callboard.domain.org.roster import RosterAgent
from callboard.domain.org.space import SPACES, Space
from callboard.domain.org.task import TASKS, TaskRecord
from callboard.engine.tasks.roles import Way, ways_into
from callboard.ports.records import Wanted
from callboard.usecases.app import App
from callboard.usecases.roster_reading import require_agent, version_of
from callboard.usecases.workflows import Flow, every_live_workflow


@dataclass(frozen=True, slots=True)
class TouchedWorkflow:
    """A workflow in which an agent plays: the steps, each with why it does."""

    id: str
    space: str | None
    steps: Mapping[str, Way]


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What a change of an agent touches: the workflows in which it plays, the spaces in its scope that use one of
    them, their tasks that are queued or under way, and who belongs to those spaces.

    `hidden` counts further spaces that are not for the eyes of who asks.
    """

    agent: str
    workflows: tuple[TouchedWorkflow, ...] = ()
    spaces: tuple[str, ...] = ()
    queued: tuple[str, ...] = ()
    under_way: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    hidden: int = 0

    @property
    def uses(self) -> tuple[str, ...]:
        """What would be left without its agent: steps that name it, and tasks on their way to one."""
        named = (
            f"workflow {flow.id} ({', '.join(step for step, way in flow.steps.items() if way != 'skills')})"
            for flow in self.workflows
            if any(way != "skills" for way in flow.steps.values())
        )
        return (*named, *(f"task {key}" for key in (*self.under_way, *self.queued)))


async def blast_radius(app: App, who: Principal, agent_id: str) -> BlastRadius:
    """Return what a change of an agent touches.

    Raises:
        UnknownThing: there is no such agent, or none that they see.
    """
    kept = await require_agent(app, who, "agent.read", agent_id)
    return await radius_of(app, who, kept.value)


async def radius_of(app: App, who: Principal, agent: RosterAgent) -> BlastRadius:
    """Return what a change of an agent touches that somebody may see."""
    await require_agent(app, who, "agent.read", agent.id)
    skills = await _skills(app, agent)
    flows = [flow for flow in await every_live_workflow(app) if _can_play(agent, flow)]
    ways = {flow.definition.id: ways_into(flow.definition, agent.id, skills) for flow in flows}
    played = [flow for flow in flows if ways[flow.definition.id]]
    tasks = await app.records.find(TASKS, Wanted(states=("queued", "under_way")))
    names = {flow.definition.id for flow in played}
    theirs = [kept.value for kept in tasks if _is_touched(agent, names, kept.value)]
    spaces = await _using(app, agent, played, theirs)
    seen = [space for space in spaces if who.sees(space.id)]
    return BlastRadius(
        agent.id,
        tuple(
            TouchedWorkflow(flow.definition.id, flow.space, ways[flow.definition.id])
            for flow in played
            if flow.space is None or who.sees(flow.space)
        ),
        tuple(space.id for space in seen),
        _keys(theirs, "queued", seen),
        _keys(theirs, "under_way", seen),
        tuple(sorted({member.account for space in seen for member in space.members})),
        len(spaces) - len(seen),
    )


async def _skills(app: App, agent: RosterAgent) -> set[str]:
    """Return the skills of every version that plays or may be about to."""
    trial = agent.trial.version if agent.trial is not None else None
    numbers = {agent.live, trial, agent.latest} - {None}
    versions = [await version_of(app, agent.id, number) for number in numbers if number]
    return {skill for one in versions for skill in one.definition.skills}


def _can_play(agent: RosterAgent, flow: Flow) -> bool:
    return flow.space is None or agent.plays_in(flow.space)


def _is_touched(agent: RosterAgent, workflows: Iterable[str], task: TaskRecord) -> bool:
    return task.workflow in workflows and agent.plays_in(task.space)


async def _using(
    app: App, agent: RosterAgent, played: Iterable[Flow], tasks: Iterable[TaskRecord]
) -> list[Space]:
    """Return the spaces in an agent's scope that use a workflow: it is their own, or what their tasks go by."""
    ids = {flow.definition.id for flow in played}
    used = {flow.space for flow in played} | {task.space for task in tasks}
    spaces = [kept.value for kept in await app.records.find(SPACES, Wanted(states=("open",)))]
    return [
        space
        for space in spaces
        if agent.plays_in(space.id) and (space.id in used or space.workflow in ids)
    ]


def _keys(tasks: Iterable[TaskRecord], state: str, spaces: Iterable[Space]) -> tuple[str, ...]:
    seen = {space.id for space in spaces}
    return tuple(task.key for task in tasks if task.state == state and task.space in seen)
