"""The form under what waits for somebody, as it comes back."""

from decimal import Decimal

from pydantic import JsonValue

from callboard.domain.errors import CallboardError
from callboard.domain.message import JsonObject
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.web.visit import Visit


async def decided(at: Visit, run_id: str) -> str:
    """Record the decision of a form; return what is wrong with it, if anything."""
    fields = at.fields
    verdict, note = fields.text("verdict"), fields.text("note")
    answer: JsonValue = None
    if option := fields.text("option"):  # one of the answers that the agent offers
        chosen: JsonObject = {"answers": [{"questionIndex": 0, "selectedOption": option}]}
        verdict, answer = "answer", chosen
    elif verdict == "answer":
        answer, note = note, ""
        if not answer:
            return "Write an answer, or choose one."
    elif verdict == "reject" and not note and not fields.is_on("asks"):
        return "Say why you reject it: whoever did the work reads it."
    elif _is_amount(fields.text("limit")):
        answer = str(Decimal(fields.text("limit")))
    if verdict not in ("approve", "reject", "answer"):
        return "Choose what you decide."
    decision = Decision(verdict, note, answer)
    try:
        recorded = await record_decision(
            at.app, at.who, fields.text("run") or run_id, decision, digest=fields.text("digest")
        )
    except CallboardError as error:
        return str(error)
    if recorded.closed:
        await at.running.decided(recorded.found.row)
    return ""


def _is_amount(text: str) -> bool:
    try:
        return bool(text) and Decimal(text).is_finite()
    except ArithmeticError:
        return False
