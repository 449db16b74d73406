"""Say which rules decided about a call, and which others there were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callboard.domain.definition.permissions import Effect, PermissionRule
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.codec import Recorded
from callboard.domain.events.gate import GateDecided, GateExpired, GateOpened
from callboard.domain.events.tool_call import ToolCallRefused
from callboard.domain.org.principal import Principal
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.run.call import Call
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.domain.tool import Source
from callboard.engine.calls import asked
from callboard.engine.globs import glob_matches
from callboard.engine.permissions.explaining import described
from callboard.engine.permissions.ruling import Asked, ruling
from callboard.runtime.reading import load
from callboard.usecases.app import App, require, require_run


@dataclass(frozen=True, slots=True)
class LayerView:
    """What one layer alone says of a call, and its rules for that tool."""

    layer: PolicyLayer
    effect: Effect
    why: str
    rules: tuple[PermissionRule, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call was made, asked about or refused. `outcome` is what came of it, as far as the log says."""

    run_id: str
    call: Call
    seq: int
    effect: Effect
    why: str
    layers: tuple[LayerView, ...]
    read: tuple[Source, ...]
    outside: bool
    policy_version: str
    outcome: str


async def policy_for(app: App, who: Principal, workspace: str) -> Policy:
    """Return the rules that hold for every run in a workspace.

    Raises:
        ConfigurationInvalid: they cannot be read.
    """
    require(who, "agent.read")
    return Policy(await app.ports.policies.layers(workspace))


async def explain_call(app: App, who: Principal, run_id: str, call_id: str) -> Explanation:
    """Return why a call of a run was judged as it was, by the rules in force then.

    Raises:
        UnknownThing: no such run, or no such call in it.
        ConfigurationInvalid: the run is a task, which makes no calls itself.
    """
    row = await require_run(app, who, "run.read", run_id)
    if row.kind == "workflow":
        raise ConfigurationInvalid(f"{run_id} is a task; its agents' runs make calls")
    entries = await load(app.ports.store, run_id)
    judged = _judged(entries)
    found = judged.get(call_id)
    if found is None:
        known = ", ".join(judged) or "none"
        raise UnknownThing(f"run {run_id} has no call {call_id!r}; its calls: {known}")
    state, call, seq = found
    question = asked(state, call)
    said = ruling(state.policy, question)
    return Explanation(
        run_id,
        call,
        seq,
        said.effect,
        described(said),
        tuple(_views(state.policy, question)),
        tuple(sorted(state.read)),
        question.outside,
        state.policy.version,
        _outcome(entries, call_id),
    )


def _judged(entries: Sequence[Recorded]) -> dict[str, tuple[RunState, Call, int] | None]:
    """Return every call with the state in which it was last judged: with the rules, arguments and labels of
    then. None for those that were refused before anybody judged them.
    """
    state = AGENT.begin(entries[0])
    judged: dict[str, tuple[RunState, Call, int] | None] = {}
    for entry in entries[1:]:
        state = AGENT.evolve(state, entry)
        for call in state.calls:
            judged.setdefault(call.call_id, None)
            if call.result is None:
                judged[call.call_id] = state, call, entry.seq
    return judged


def _views(policy: Policy, question: Asked) -> Iterator[LayerView]:
    for layer in policy.layers:
        alone = ruling(Policy((layer,)), question)
        rules = tuple(rule for rule in layer.rules if glob_matches(rule.tool, question.tool))
        yield LayerView(layer, alone.effect, described(alone), rules)


def _outcome(entries: Sequence[Recorded], call_id: str) -> str:
    """Return what came of the call and of the gates that were opened for it."""
    outcome, gate_id = "not made yet", None
    for entry in entries:
        match entry.event:
            case GateOpened(subject=subject) as gate if subject == call_id:
                gate_id, outcome = gate.gate_id, "waits for a decision"
            case GateDecided() as decision if decision.gate_id == gate_id:
                edited = "" if decision.arguments is None else " with other arguments"
                outcome = f"{decision.verdict} by {decision.actor.name}{edited}"
            case GateExpired() as expired if expired.gate_id == gate_id:
                outcome = "nobody decided in time"
            case ToolCallRefused() as refused if refused.call_id == call_id:
                return f"refused: {refused.message}"
            case event if getattr(event, "call_id", None) == call_id:
                outcome = event.type.replace("tool_call.", "")
            case _:
                pass
    return outcome
