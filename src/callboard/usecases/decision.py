"""What somebody decides at a gate, and whether it fits what the gate asks."""

from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.events.gate import GateOpened, Verdict
from callboard.domain.message import TOO_DEEP, JsonObject, is_deeper
from callboard.domain.usage import usd
from callboard.engine.words import exact_dollars
from callboard.ports.tools import ArgumentsInvalid
from callboard.usecases.app import App


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides. `arguments` are those approved where they are not those proposed, `answer` is for
    gates that ask a question (a text, or an object with `answers`) or for a new limit.
    """

    verdict: Verdict
    note: str = ""
    answer: JsonValue = None
    arguments: JsonObject | None = None


def fitting(app: App, gate: GateOpened, decision: Decision) -> Decision:
    """Return a decision that the gate can take, with arguments as the tool spells them.

    Raises:
        ConfigurationInvalid: it does not fit the gate, or its arguments do not fit the tool.
    """
    if decision.verdict == "answer" and gate.reason not in ("input_required", "budget_exceeded"):
        raise ConfigurationInvalid("this gate asks for approve or reject, not for an answer")
    if is_deeper(decision.answer) or is_deeper(decision.arguments):
        raise ConfigurationInvalid(f"{TOO_DEEP}; make it flatter")
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


async def raise_budget(app: App, gate: GateOpened, decision: Decision) -> None:
    """Let a run go on only with more money: with the limit in the answer, or one that was raised meanwhile.

    Raises:
        ConfigurationInvalid: the answer is no amount, or all of it is spent already.
    """
    if decision.verdict == "reject":
        return
    standings = {one.account: one for one in await app.ports.budgets.standings()}
    standing = standings.get(gate.subject)
    wanted = None if decision.answer is None else _dollars(decision.answer)
    limit = wanted if wanted is not None else standing and standing.limit_usd
    if limit is not None and standing is not None and limit <= standing.spent_usd:
        spent = f"{exact_dollars(standing.spent_usd)} of {gate.subject} is spent already"
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
