"""The first event of a run: everything that it is started with, rendered and pinned."""

from dataclasses import dataclass
from typing import Literal

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.events.run import AgentSubject, BudgetAccount, ParentLink, RunCreated
from callboard.domain.message import JsonObject, MediaPart, Message
from callboard.domain.policy import PolicyLayer
from callboard.domain.run.history import handed_down
from callboard.domain.run.state import RunState
from callboard.domain.tool import Source
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
    """What a child run gets from its parent's; without a parent the policy is the deployment's."""

    system: str | None = None
    tools: tuple[str, ...] | None = None
    history: tuple[Message, ...] = ()
    policy: tuple[PolicyLayer, ...] | None = None
    read: tuple[Source, ...] = ()


def inherited_from(state: RunState) -> Inherited:
    """Return what a child of a run gets."""
    layers = (
        layer.model_copy(update={"level": "parent"}) if layer.level == "agent" else layer
        for layer in state.policy.layers
        if layer.rules
    )
    return Inherited(
        system=state.subject.system,
        tools=told_names(state),
        history=handed_down(state.messages),
        policy=tuple(layers),
        read=tuple(sorted(state.read)),
    )


@dataclass(frozen=True, slots=True)
class AgentStart:
    """What an agent run is started with. `limits` are the ones in effect; an `inline` run works on its
    parent's conversation. `inherited` comes from its parent, or from the run whose conversation it
    continues. `rules` are those of whoever starts it.
    """

    definition: AgentDefinition
    actor: Actor
    workspace: str
    limits: Limits
    prompt: str | None = None
    params: JsonObject | None = None
    attachments: tuple[MediaPart, ...] = ()
    parent: ParentLink | None = None
    space: str = ""
    task: str | None = None
    step: str | None = None
    accounts: tuple[BudgetAccount, ...] = ()
    on_limit: Literal["fail", "wait"] = "fail"
    inherited: Inherited = Inherited()
    inline: bool = False
    rules: PolicyLayer | None = None


async def agent_created(ports: Ports, start: AgentStart) -> RunCreated:
    """Return the first event of an agent run.

    Raises:
        ConfigurationInvalid: its model is a name that stands for nothing, or its rules cannot be read.
    """
    definition, passed = start.definition, start.inherited
    inherits = passed.system is not None and (
        definition.inherit_parent_system_prompt or start.inline
    )
    around = await surroundings_for(ports, definition, start.workspace, start.prompt)
    system = passed.system if inherits else system_prompt(definition, around)
    spawnable = [
        Spawnable(reference, await known_agent(ports.registry, reference, start.space))
        for reference in definition.spawnable_agents
    ]
    shares = definition.include_message_history or start.inline or start.parent is None
    chain = await ports.names.chain(definition)
    subject = AgentSubject(
        definition=definition,
        model=chain[0].model if chain else definition.model,
        chain=chain,
        prompt=start.prompt,
        params=start.params,
        attachments=start.attachments,
        system=system or "",
        instructions=instructions_prompt(definition, around, spawnable, told_others=inherits),
        step_prompt=step_prompt(definition, around),
        history=passed.history if shares else (),
        tools=passed.tools if inherits else None,
        inline=start.inline,
        policy=await _policy(ports, start),
        read=passed.read,
    )
    return RunCreated(
        subject=subject,
        actor=start.actor,
        workspace=start.workspace,
        space=start.space or start.workspace,
        task=start.task,
        step=start.step,
        limits=start.limits,
        deadline_at=deadline(ports.clock.now(), start.limits),
        accounts=start.accounts,
        on_limit=start.on_limit,
        parent=start.parent,
    )


async def _policy(ports: Ports, start: AgentStart) -> tuple[PolicyLayer, ...]:
    """Return the layers above the agent's own rules."""
    layers = start.inherited.policy
    if layers is None:
        layers = await ports.policies.layers(start.workspace)
    return layers if start.rules is None else (*layers, start.rules)
