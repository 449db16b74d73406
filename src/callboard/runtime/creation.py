"""The first event of a run: everything that it is started with, rendered and pinned."""

from collections.abc import Iterable
from datetime import datetime

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits, PermissionRule
from callboard.domain.events.run import AgentSubject, ParentLink, RunCreated
from callboard.domain.message import JsonObject, Message, TextPart
from callboard.domain.run.state import RunState
from callboard.engine.limits import deadline
from callboard.engine.prompt import Spawnable, instructions_prompt, system_prompt
from callboard.ports.registry import AgentRegistry


def agent_created(
    registry: AgentRegistry,
    definition: AgentDefinition,
    *,
    prompt: str | None,
    params: JsonObject | None,
    actor: Actor,
    workspace: str,
    limits: Limits,
    now: datetime,
    parent: ParentLink | None = None,
    inherited: "Inherited | None" = None,
) -> RunCreated:
    """Return the first event of an agent run. `limits` are the ones in effect."""
    passed = inherited or Inherited()
    system = passed.system if definition.inherit_parent_system_prompt else None
    subject = AgentSubject(
        definition=definition,
        model=definition.model,
        prompt=prompt,
        params=params,
        system=system if system is not None else system_prompt(definition, prompt),
        instructions=instructions_prompt(
            definition, prompt, list(_spawnable(registry, definition))
        ),
        history=passed.history if definition.include_message_history else (),
        permission_layers=passed.permission_layers,
    )
    return RunCreated(
        subject=subject,
        actor=actor,
        workspace=workspace,
        limits=limits,
        deadline_at=deadline(now, limits),
        parent=parent,
    )


class Inherited:
    """What a child run gets from its parent's."""

    def __init__(self, state: RunState | None = None) -> None:
        self.system: str | None = None
        self.history: tuple[Message, ...] = ()
        self.permission_layers: tuple[tuple[PermissionRule, ...], ...] = ()
        if state is not None:
            own = state.subject.definition.permissions
            self.system = state.subject.system
            self.history = handed_down(state.messages)
            self.permission_layers = (*state.subject.permission_layers, own)


def handed_down(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the conversation as a child sees it: up to the spawning call, with the text before it."""
    kept = [message for message in messages if message.expires is None]
    if kept and kept[-1].tool_calls:
        text = kept.pop().text
        if text.strip():
            kept.append(Message(role="assistant", parts=(TextPart(text=text),)))
    return tuple(kept)


def _spawnable(registry: AgentRegistry, definition: AgentDefinition) -> Iterable[Spawnable]:
    for reference in definition.spawnable_agents:
        found = registry.get(reference)
        yield Spawnable(reference, found.spawner_prompt if found is not None else None)
