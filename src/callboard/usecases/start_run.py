"""Start one agent in a workspace."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.errors import ConfigurationInvalid, RunExists, UnknownThing
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.message import TOO_DEEP, JsonObject, MediaPart, is_deeper
from callboard.domain.org.principal import Principal, in_space
from callboard.domain.policy import PolicyLayer
from callboard.domain.run.history import handed_down
from callboard.domain.run.state import RunState
from callboard.engine.limits import effective_limits
from callboard.runtime.children import Ended
from callboard.runtime.creation import AgentStart, Inherited, agent_created
from callboard.runtime.inputs import input_issues
from callboard.runtime.reading import load_unaltered
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, require
from callboard.usecases.reachable import require_provider
from callboard.usecases.run_origins import start_noted, submit_new

T = TypeVar("T")
_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class StartRun:
    """What to run: an agent (itself, or by reference), with a prompt and parameters, in a directory.

    `previous` is the run whose conversation this one continues.

    `folders` are those that definitions come from where they are not the directory's own, for the record:
    whoever resumes the run looks there again. `rules` narrow what this run may do. `on_limit` says
    what happens where money runs out.
    """

    run_id: str
    agent: str | AgentDefinition
    workspace: str
    prompt: str | None = None
    params: JsonObject | None = None
    attachments: tuple[MediaPart, ...] = ()
    limits: Limits = Limits()
    previous: str | None = None
    folders: tuple[str, ...] = ()
    rules: PolicyLayer | None = None
    on_limit: Literal["fail", "wait"] = "fail"
    space: str = ""


async def start_run(app: App, who: Principal, wish: StartRun) -> Ended:
    """Create the run and drive it until it ends or waits.

    Raises:
        ConfigurationInvalid: bad run id, taken run id, missing key, input that does not fit, no such directory.
        UnknownThing: no such agent, or no such previous run.
    """
    require(who, "run.start", in_space(wish.space))
    return await _begun(app, who, wish, start_noted)


async def submit_run(app: App, who: Principal, wish: StartRun) -> None:
    """Create the run, and leave it to whichever worker has a place free. It is refused as `start_run` refuses it."""
    require(who, "run.start", in_space(wish.space))
    await _begun(app, who, wish, submit_new)


async def _begun(
    app: App, who: Principal, wish: StartRun, begin: Callable[[App, str, RunCreated], Awaitable[T]]
) -> T:
    check_run_id(wish.run_id)
    named = wish.agent
    definition = await find_agent(app, named, wish.space) if isinstance(named, str) else named
    _check_input(app, definition, wish)
    start = AgentStart(
        definition,
        who.actor,
        wish.workspace,
        effective_limits(definition.limits, wish.limits),
        prompt=wish.prompt,
        params=wish.params,
        attachments=wish.attachments,
        inherited=await _continued(app, wish.previous),
        rules=wish.rules,
        space=wish.space or wish.workspace,
        on_limit=wish.on_limit,
    )
    created = await agent_created(app.ports, start)
    if isinstance(created.subject, AgentSubject) and definition.handle_steps is None:
        # A program may never ask the model.
        await require_provider(app, definition, created.subject.chain, wish.space)
    await app.ports.workspaces.reach(wish.workspace)
    created = created.model_copy(update={"folders": wish.folders})
    try:
        return await begin(app, wish.run_id, created)
    except RunExists:
        raise ConfigurationInvalid(
            f"--run-id {wish.run_id}: a run with this id exists; choose another id, or continue it with "
            f"`callboard runs resume {wish.run_id}`"
        ) from None


async def _continued(app: App, run_id: str | None) -> Inherited:
    """Return what a run gets from the one whose conversation it continues."""
    if run_id is None:
        return Inherited()
    state = fold_any(await load_unaltered(app.ports.store, run_id))
    if not isinstance(state, RunState):
        raise ConfigurationInvalid(f"{run_id} is a task; only an agent's run can be continued")
    return Inherited(history=handed_down(state.messages), read=tuple(sorted(state.read)))


def check_run_id(run_id: str) -> None:
    """Refuse ids that could be mistaken for something else.

    Raises:
        ConfigurationInvalid: the id is not 1 to 128 characters of `[A-Za-z0-9._-]`.
    """
    if _RUN_ID.fullmatch(run_id) is None:
        raise ConfigurationInvalid(
            f"--run-id {run_id!r}: use 1 to 128 characters of A-Z a-z 0-9 . _ -"
        )


async def find_agent(app: App, reference: str, space: str = "") -> AgentDefinition:
    """Return an agent by reference, as it is known in a space.

    Raises:
        UnknownThing: there is none; names those there are.
    """
    definition = await app.ports.registry.get(reference, space=space)
    if definition is None:
        known = ", ".join(agent.id for agent in await app.ports.registry.all()) or "none"
        raise UnknownThing(
            f"agent {reference!r} was not found; known agents: {known} "
            "(see `callboard agents list`, and `callboard agents validate` for files that did not load)"
        )
    return definition


def _check_input(app: App, definition: AgentDefinition, wish: StartRun) -> None:
    if is_deeper(wish.params):
        raise ConfigurationInvalid(f"params: {TOO_DEEP}; make it flatter")
    wrong = input_issues(app.ports.schemas, definition, wish.prompt, wish.params)
    if wrong:
        listed = "\n".join(f"{part}: {issue}" for part, issues in wrong.items() for issue in issues)
        raise ConfigurationInvalid(
            f"the input does not fit the inputSchema of {definition.id}:\n{listed}"
        )
