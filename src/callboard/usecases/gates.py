"""Find the gates where runs wait, and decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import ApprovalGiven, GateDecided, GateOpened, Verdict
from callboard.domain.message import JsonObject
from callboard.domain.org.principal import Principal
from callboard.domain.run.fold import AGENT
from callboard.domain.run.state import RunState
from callboard.domain.run_row import RunRow
from callboard.domain.task_run.fold import TASK
from callboard.domain.task_run.state import TaskState
from callboard.domain.usage import usd
from callboard.engine.approvals import has_expired, is_enough, objection
from callboard.engine.authority import held_roles
from callboard.ports.event_store import RunsWanted
from callboard.ports.tools import ArgumentsInvalid
from callboard.runtime.children import Ended
from callboard.runtime.run_log import RunLog, load, take_over
from callboard.runtime.standing import fold_any
from callboard.usecases.app import App, NotAllowed, require_run, seen_spaces
from callboard.usecases.runs import require_models


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate that waits for a decision, with the run that opened it and the approvals that it has."""

    row: RunRow
    gate: GateOpened
    approvals: tuple[ApprovalGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides. `arguments` are those approved where they are not those proposed, `answer` is for
    gates that ask a question (a text, or an object with `answers`) or for a new limit.
    """

    verdict: Verdict
    note: str = ""
    answer: JsonValue = None
    arguments: JsonObject | None = None


async def list_gates(app: App, who: Principal) -> list[OpenGate]:
    """Return open gates, those of the newest runs first."""
    spaces = seen_spaces(who, "run.read")
    wanted = RunsWanted(root_only=False, statuses=("waiting",), spaces=spaces, limit=500)
    rows = await app.ports.store.rows(wanted)
    found = [await _gate_of(app, row) for row in rows]
    return [gate for gate in found if gate is not None]


async def _gate_of(app: App, row: RunRow) -> OpenGate | None:
    state = fold_any(await load(app.ports.store, row.run_id))
    return OpenGate(row, state.gate, state.approvals) if state.gate is not None else None


async def open_gate(app: App, who: Principal, run_id: str) -> OpenGate:
    """Return the gate at which a run, or a run below it, waits.

    Raises:
        UnknownThing: no such run, or it waits for nobody.
    """
    row = await require_run(app, who, "run.read", run_id)
    gate = await _gate_of(app, row)
    if gate is not None:
        return gate
    for below in await list_gates(app, who):
        same_tree = below.row.root_id == row.root_id
        if same_tree and below.row.run_id.startswith(f"{run_id}."):
            return below
    raise UnknownThing(f"run {run_id} waits for no decision (see `callboard inbox list`)")


async def decide_gate(
    app: App, who: Principal, run_id: str, decision: Decision, *, digest: str
) -> Ended:
    """Record a decision and, where it is enough, drive the whole tree on, until it ends or waits again.

    `digest` is that of the gate as it was shown: a decision on anything else is refused.

    Raises:
        NotAllowed: the actor is not a person, or not one who may decide here.
        UnknownThing: the run waits for nobody (any more).
        ConfigurationInvalid: what waits now is not what was shown, it is too late, the decision does not fit
            the gate, or a model that the run needs to go on cannot be reached.
    """
    await require_run(app, who, "gate.decide", run_id)
    decided = await record_decision(app, who, run_id, decision, digest=digest)
    if not decided.closed:
        return _waiting(decided.found)
    return await app.driver.drive(decided.found.row.root_id)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision that is recorded. `closed`: it was enough, and the run can go on."""

    found: OpenGate
    closed: bool


async def record_decision(
    app: App, who: Principal, run_id: str, decision: Decision, *, digest: str
) -> Recorded:
    """Record a decision, and leave it to others to drive the run on. Raises what `decide_gate` does."""
    await require_run(app, who, "gate.decide", run_id)
    found = await open_gate(app, who, run_id)
    if found.gate.digest != digest:
        raise ConfigurationInvalid("the gate changed since it was shown; look at it again")
    decision = _fitting(app, found.gate, decision)
    against = _objection(found.row, found.gate, found.approvals, who, decision)
    if against:
        raise NotAllowed(against)
    await require_models(app, await load(app.ports.store, found.row.root_id), decided=True)
    if found.gate.reason == "budget_exceeded":
        await _raise_budget(app, found.gate, decision)
    return Recorded(found, await _recorded(app, who, found, decision))


def _objection(
    row: RunRow,
    gate: GateOpened,
    given: Sequence[ApprovalGiven],
    who: Principal,
    decision: Decision,
) -> str:
    roles = held_roles(who, row.space)
    return objection(gate, given, who.actor, decision.verdict, decision.arguments, roles=roles)


def _fitting(app: App, gate: GateOpened, decision: Decision) -> Decision:
    """Return a decision that the gate can take, with arguments as the tool spells them."""
    if decision.verdict == "answer" and gate.reason not in ("input_required", "budget_exceeded"):
        raise ConfigurationInvalid("this gate asks for approve or reject, not for an answer")
    if decision.arguments is None:
        return decision
    tool = app.ports.tools.get(gate.tool) if gate.tool is not None else None
    if tool is None or gate.reason != "approval_required" or decision.verdict != "approve":
        raise ConfigurationInvalid("only the approval of a tool call can change its arguments")
    try:
        arguments = tool.normalise(decision.arguments)
    except ArgumentsInvalid as error:
        raise ConfigurationInvalid(f"the arguments do not fit {gate.tool}: {error}") from None
    same = arguments == gate.arguments
    return Decision("approve", decision.note, arguments=None if same else arguments)


async def _raise_budget(app: App, gate: GateOpened, decision: Decision) -> None:
    """Let a run go on only with more money: with the limit in the answer, or one that was raised meanwhile."""
    if decision.verdict == "reject":
        return
    standings = {one.account: one for one in await app.ports.budgets.standings()}
    standing = standings.get(gate.subject)
    wanted = None if decision.answer is None else _dollars(decision.answer)
    limit = wanted if wanted is not None else standing and standing.limit_usd
    if limit is not None and standing is not None and limit <= standing.spent_usd:
        spent = f"${standing.spent_usd:f} of {gate.subject} is spent already"
        raise ConfigurationInvalid(
            f"{spent}; approve with a higher limit: `callboard inbox decide RUN approve --budget USD`"
        )
    if wanted is not None:
        await app.ports.budgets.set_limit(gate.subject, wanted)


def _dollars(answer: JsonValue) -> Decimal:
    try:
        amount = usd(str(answer))
    except (ArithmeticError, ValueError):
        amount = usd(-1)
    if not amount.is_finite() or amount < 0:
        raise ConfigurationInvalid(
            f"the new limit must be an amount in US dollars, found {answer!r}"
        )
    return amount


async def _recorded(app: App, who: Principal, found: OpenGate, decision: Decision) -> bool:
    """Record a decision; return whether the run goes on."""
    folding = TASK if found.row.kind == "workflow" else AGENT
    log: RunLog[RunState] | RunLog[TaskState]
    log = await take_over(app.ports, found.row.run_id, folding)  # pyright: ignore[reportArgumentType]
    try:
        gate = log.state.gate
        if gate is None or gate.digest != found.gate.digest:
            await log.durable()
            raise _too_late(app, found)
        against = _objection(found.row, gate, log.state.approvals, who, decision)
        if against:  # somebody else's decision came in between
            raise NotAllowed(against)
        closes = decision.verdict != "approve" or is_enough(
            gate, log.state.approvals, decision.arguments
        )
        if closes:
            log.append(
                GateDecided(
                    gate_id=gate.gate_id,
                    verdict=decision.verdict,
                    actor=who.actor,
                    note=decision.note,
                    answer=decision.answer,
                    arguments=decision.arguments,
                )
            )
        else:
            log.append(
                ApprovalGiven(
                    gate_id=gate.gate_id,
                    actor=who.actor,
                    note=decision.note,
                    arguments=decision.arguments,
                )
            )
        await log.durable()
    finally:
        await log.release()
    return closes


def _too_late(app: App, found: OpenGate) -> Exception:
    root_id = found.row.root_id
    if has_expired(found.gate, app.ports.clock.now()):
        return ConfigurationInvalid(
            f"the time to decide was over at {found.gate.deadline_at:%Y-%m-%d %H:%M} UTC; "
            f"`callboard runs resume {root_id}` goes on without the approval"
        )
    return UnknownThing(
        f"run {found.row.run_id} was decided about meanwhile, or its rules changed; "
        f"`callboard runs resume {root_id}` goes on"
    )


def _waiting(found: OpenGate) -> Ended:
    """Return how a run stands that needs further approvals."""
    waiting = (found.gate.gate_id, found.gate.question)
    return Ended(None, found.row.bill, found.row.usage, waiting)
