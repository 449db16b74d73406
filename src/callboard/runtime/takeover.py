"""Taking over a run that somebody began, and what changed while nobody drove it."""

from callboard.domain.events.gate import GateExpired, GateWithdrawn
from callboard.domain.events.run import PolicyChanged, RunResumed
from callboard.domain.folding import Folding
from callboard.domain.policy import PolicyLayer
from callboard.domain.run.state import RunState
from callboard.domain.task_run.state import TaskState
from callboard.engine.approvals import has_expired
from callboard.ports.event_store import Claim
from callboard.runtime.ports import Ports
from callboard.runtime.reading import load_unaltered, project_all
from callboard.runtime.run_log import RunLog, S


async def take_over(
    ports: Ports,
    run_id: str,
    folding: Folding[S],
    *,
    files: bool = True,
    above: Claim | None = None,
) -> RunLog[S]:
    """Claim an existing run, fold its log and take its files, if they are needed; the takeover of a run that goes on becomes
    an event. `above` is the claim of the run that drives it, where one does.

    A run that ended, or came to a gate, between somebody's look and this claim is left as it is.

    Raises:
        ConfigurationInvalid: its files cannot be had here.
        UnknownThing: no such run.
        RunBusy: a living process drives it.
        Fenced: another process took over this run, or the one above it.
        LogCorrupt: its log is not what was recorded.
    """
    claim = await ports.store.claim(run_id, above)
    try:
        entries = await load_unaltered(ports.store, run_id)
        row = project_all(entries)
        state = folding.begin(entries[0])
        for entry in entries[1:]:
            state = folding.evolve(state, entry)
        log = RunLog(ports, claim, state, row, folding)
        if files and state.terminal is None:
            await ports.workspaces.take(state.created.workspace, claim)
        if state.terminal is None and state.gate is None:
            log.append(RunResumed(epoch=claim.epoch))
        await _catch_up(ports, log, files=files)
    except BaseException:
        await ports.store.release(claim)
        raise
    return log


async def _catch_up(ports: Ports, log: RunLog[S], *, files: bool) -> None:
    """Record what changed while nobody drove the run: the rules, which are files, and that it is too late to decide."""
    state = log.state
    if state.terminal is not None:
        return
    is_agent_s = isinstance(state, RunState)
    policy = await changed_policy(ports, state) if files and is_agent_s else None
    gate = state.gate
    if policy is not None:
        log.append(PolicyChanged(policy=policy))
    if gate is None:
        return
    if has_expired(gate, ports.clock.now()):
        log.append(GateExpired(gate_id=gate.gate_id))
    elif policy is not None and gate.reason == "approval_required":
        log.append(GateWithdrawn(gate_id=gate.gate_id))


async def is_stale(ports: Ports, state: RunState | TaskState) -> bool:
    """Return whether a run that waits has something to go on with although nobody decided."""
    if state.gate is None:
        return False
    if has_expired(state.gate, ports.clock.now()):
        return True
    if not isinstance(state, RunState):
        return False
    return state.gate.reason == "approval_required" and bool(await changed_policy(ports, state))


async def changed_policy(ports: Ports, state: RunState) -> tuple[PolicyLayer, ...] | None:
    """Return the layers above a run's own rules as they are now, or None where they are as they were.

    Raises:
        ConfigurationInvalid: they cannot be read.
    """
    before = tuple(layer for layer in state.policy.layers if layer.level != "agent")
    kept = [layer for layer in before if layer.level in ("parent", "run")]
    current = (*await ports.policies.layers(state.created.workspace), *kept)
    return None if current == before else current
