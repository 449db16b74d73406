"""The first event of a run: everything that it is started with, rendered and pinned."""

from dataclasses import dataclass

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits, PermissionRule
from callboard.domain.events.run import AgentSubject, ParentLink, RunCreated
from callboard.domain.message import JsonObject, MediaPart, Message
from callboard.domain.run.history import handed_down
from callboard.domain.run.state import RunState
from callboard.engine.limits import deadline
from callboard.engine.prompt import (
    Spawnable,
    instructions_prompt,
    step_prompt,
    system_prompt,
)
from callboard.runtime.offered import known_agent, told_names
from callboard.runtime.ports import Ports
from callboard.runtime.surroundings import surroundings_for


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a child run gets from its parent's."""

    system: str | None = None
    tools: tuple[str, ...] | None = None
    history: tuple[Message, ...] = ()
    permission_layers: tuple[tuple[PermissionRule, ...], ...] = ()


def inherited_from(state: RunState) -> Inherited:
    """Return what a child of a run gets."""
    own = state.subject.definition.permissions
    return Inherited(
        system=state.subject.system,
        tools=told_names(state),
        history=handed_down(state.messages),
        permission_layers=(*state.subject.permission_layers, own),
    )


@dataclass(frozen=True, slots=True)
class AgentStart:
    """What an agent run is started with. `limits` are the ones in effect; an `inline` run works on its
    parent's conversation, one that `continues` a conversation has it for its history.
    """

    definition: AgentDefinition
    actor: Actor
    workspace: str
    limits: Limits
    prompt: str | None = None
    params: JsonObject | None = None
    attachments: tuple[MediaPart, ...] = ()
    parent: ParentLink | None = None
    inherited: Inherited = Inherited()
    inline: bool = False
    continues: tuple[Message, ...] = ()


async def agent_created(ports: Ports, start: AgentStart) -> RunCreated:
    """Return the first event of an agent run."""
    definition, passed = start.definition, start.inherited
    inherits = passed.system is not None and (
        definition.inherit_parent_system_prompt or start.inline
    )
    around = await surroundings_for(ports, definition, start.workspace, start.prompt)
    system = passed.system if inherits else system_prompt(definition, around)
    spawnable = [
        Spawnable(reference, await known_agent(ports.registry, reference))
        for reference in definition.spawnable_agents
    ]
    shares = definition.include_message_history or start.inline
    subject = AgentSubject(
        definition=definition,
        model=definition.model,
        prompt=start.prompt,
        params=start.params,
        attachments=start.attachments,
        system=system or "",
        instructions=instructions_prompt(definition, around, spawnable, told_others=inherits),
        step_prompt=step_prompt(definition, around),
        history=start.continues or (passed.history if shares else ()),
        tools=passed.tools if inherits else None,
        inline=start.inline,
        permission_layers=passed.permission_layers,
    )
    return RunCreated(
        subject=subject,
        actor=start.actor,
        workspace=start.workspace,
        limits=start.limits,
        deadline_at=deadline(ports.clock.now(), start.limits),
        parent=start.parent,
    )
