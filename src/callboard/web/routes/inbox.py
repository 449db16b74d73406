"""The inbox: what waits for somebody, decided in place; what they put away; who stands in for them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timezone
from typing import Literal, cast

from fastapi import APIRouter
from pydantic import JsonValue
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid, UnknownThing
from callboard.domain.events.gate import GateOpened, Verdict
from callboard.domain.message import JsonObject
from callboard.engine.authority import may
from callboard.entrance.names import RunId
from callboard.usecases.batches import Choice, decide_several
from callboard.usecases.deciding import record_decision
from callboard.usecases.decision import Decision
from callboard.usecases.deputies import list_deputies, name_deputy, remove_deputy
from callboard.usecases.gates import OpenGate, list_gates
from callboard.usecases.inbox import archive, list_inbox, mark_read
from callboard.usecases.people import list_people
from callboard.web.evidence import evidence_of
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.forms import Fields, Typed
from callboard.web.inbox_pages import (
    Asked,
    DeputiesPage,
    EvidencePage,
    InboxPage,
    questions_of,
)
from callboard.web.task_templates import dollars_in
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)


@router.get("/inbox")
async def inbox(at: At) -> Response:
    """Show what waits for somebody."""
    return await at.show(await _page(at))


async def _page(
    at: Visit, wrong: str = "", run_id: str = "", typed: Typed | None = None
) -> InboxPage:
    shows_archived = at.query("show") == "archived"
    waiting = await list_inbox(at.app, at.who)
    away = await list_inbox(at.app, at.who, archived=True)
    gates = await list_gates(at.app, at.who) if may_decide(at) else []
    deputies = await list_deputies(at.app, at.who)
    now = at.app.ports.clock.now()
    return InboxPage(
        away if shows_archived else waiting,
        shows_archived,
        (len(waiting), len(away)),
        {one.row.run_id: one for one in gates},
        sum(one.holds(now) and one.person == at.who.actor.name for one in deputies),
        run_id,
        typed or Typed(),
        wrong,
    )


def may_decide(at: Visit) -> bool:
    """Return whether somebody may look at gates anywhere."""
    return may(at.who, "run.read") or bool(at.who.spaces)


@router.post("/inbox/decide")
async def decide(at: At) -> Response:
    """Decide about one thing."""
    fields = at.fields
    run_id = fields.text("run")
    try:
        gate = await _gate(at, run_id)
        decision = decision_in(fields, gate.gate)
        recorded = await record_decision(
            at.app,
            at.who,
            run_id,
            decision,
            digest=fields.text("digest"),
            as_deputy_of=fields.some("deputy"),
        )
    except CallboardError as error:
        kept = Typed({name: fields.raw(name) for name in fields.values})
        return await at.show(await _page(at, said_of(error), run_id, kept), 422)
    root = recorded.found.row.root_id
    if recorded.closed:
        await at.running.decided(recorded.found.row)
    done = {"approve": "Approved", "reject": "Rejected", "answer": "Answered"}[decision.verdict]
    more = "" if recorded.closed else " It needs further approvals."
    return at.go("/inbox", f"{done}: {recorded.found.row.task or root}.{more}")


async def _gate(at: Visit, run_id: str) -> OpenGate:
    gates = await list_gates(at.app, at.who)
    found = next((one for one in gates if one.row.run_id == run_id), None)
    if found is None:
        raise UnknownThing(
            "this does not wait any more: somebody decided, or the run went on. Nothing was done"
        )
    return found


def decision_in(fields: Fields, gate: GateOpened) -> Decision:
    """Return the decision that a form holds about a gate.

    Raises:
        ConfigurationInvalid: there is none, or one without its reason.
    """
    verdict, note = fields.text("verdict"), fields.text("note")
    if verdict not in ("approve", "reject", "answer"):
        raise ConfigurationInvalid("choose what you decide")
    if verdict == "reject" and not note and gate.reason != "input_required":
        raise ConfigurationInvalid("say why you reject it: whoever did the work reads it")
    if verdict == "answer":
        return Decision("answer", note, _answers(fields, gate))
    limit = dollars_in(fields.text("limit")) if gate.reason == "budget_exceeded" else None
    raised: JsonValue = None if limit is None else str(limit)
    return Decision(cast("Verdict", verdict), note, raised)


def _answers(fields: Fields, gate: GateOpened) -> JsonValue:
    asked = questions_of(gate)
    if not asked:
        text = fields.text("note")
        if not text:
            raise ConfigurationInvalid("write an answer")
        return text
    return {"answers": [_answer(fields, one) for one in asked]}


def _answer(fields: Fields, asked: Asked) -> JsonObject:
    name = f"answer-{asked.number}"
    chosen: list[JsonValue] = [*fields.every(name)]
    other = fields.text(f"{name}-other")
    answer: JsonObject = {"questionIndex": asked.number}
    if other:
        return {**answer, "otherText": other}
    if not chosen:
        raise ConfigurationInvalid(f"choose an answer to “{asked.text}”, or write one")
    if asked.several:
        return {**answer, "selectedOptions": chosen}
    return {**answer, "selectedOption": chosen[0]}


@router.post("/inbox/several")
async def several(at: At) -> Response:
    """Approve several things at once, or put them away."""
    fields = at.fields
    if fields.text("what") in ("archive", "read"):
        keys = tuple(dict.fromkeys(one.split(" ")[0] for one in fields.every("chosen")))
        return await _put(at, cast("Literal['archive', 'read']", fields.text("what")), keys)
    choices = [
        Choice(run_id, digest, Decision("approve", fields.text("note")), deputy or None)
        for one in fields.every("chosen")
        for _, run_id, digest, deputy in [(*one.split(" "), "", "", "")[:4]]
        if run_id
    ]
    if not choices:
        return at.go("/inbox", "Nothing was chosen that can be approved.")
    outcomes = await decide_several(at.app, at.who, choices)
    for one in outcomes:
        row = await at.app.ports.store.row(one.run_id) if one.closed else None
        if row is not None:
            await at.running.decided(row)
    refused = [f"{one.run_id}: {one.problem}" for one in outcomes if one.problem]
    done = len(outcomes) - len(refused)
    return at.go("/inbox", f"{done} approved." + "".join(f" Not {one}." for one in refused))


@router.post("/inbox/put")
async def put(at: At) -> Response:
    """Put an entry away or take it back, mark it as seen or not."""
    what = at.fields.text("what")
    if what not in ("archive", "back", "read", "unread"):
        raise ConfigurationInvalid("an entry is put away (archive, back) or marked (read, unread)")
    return await _put(at, what, at.fields.every("key"))


async def _put(
    at: Visit, what: Literal["archive", "back", "read", "unread"], keys: Sequence[str]
) -> Response:
    if what in ("read", "unread"):
        await mark_read(at.app, at.who, keys, read=what == "read")
        return at.go("/inbox")
    await archive(at.app, at.who, keys, archived=what == "archive")
    if what == "back":
        return at.go("/inbox", "It is back.")
    return at.go("/inbox", "Put away, until something new comes to it.")


@router.get("/inbox/evidence/{run_id}")
async def evidence(at: At, run_id: RunId) -> Response:
    """Show what speaks for and against a decision."""
    gate = await _gate(at, run_id)
    page = EvidencePage(gate, await evidence_of(at.app, at.who, gate))
    if at.query("part") == "evidence":
        return await at.part("evidence.html", page)
    return await at.show(page)


@router.get("/inbox/deputies")
async def deputies(at: At) -> Response:
    """Show who stands in for whom."""
    return await at.show(await _deputies(at))


async def _deputies(at: Visit, typed: Typed | None = None, wrong: str = "") -> DeputiesPage:
    found = await list_deputies(at.app, at.who)
    me = at.who.actor.name
    people = await list_people(at.app, at.who)
    names = {one.id: one.name for one in people}
    return DeputiesPage(
        [one for one in found if one.person == me],
        [one for one in found if one.deputy == me],
        [(one.id, one.name) for one in people if one.active and one.id != me],
        names,
        at.app.ports.clock.now(),
        typed or Typed(),
        wrong,
    )


@router.post("/inbox/deputies")
async def name(at: At) -> Response:
    """Let somebody stand in."""
    fields = at.fields
    try:
        since, until = _day(fields.text("since")), _day(fields.text("until"), ends=True)
        if until is None:
            raise ConfigurationInvalid("say until which day")
        await name_deputy(at.app, at.who, fields.text("deputy"), since=since, until=until)
    except CallboardError as error:
        page = await _deputies(at, fields.kept("deputy", "since", "until"), said_of(error))
        return await at.show(page, 422)
    return at.go("/inbox/deputies", f"{fields.text('deputy')} decides in your place in that time.")


def _day(text: str, *, ends: bool = False) -> datetime | None:
    """Return the beginning of a day in UTC, or the moment when it `ends`; None where nothing was typed."""
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationInvalid(f"{text!r} is no day such as 2027-01-31") from None
    return datetime.combine(found, time.max if ends else time.min, timezone.utc)


@router.post("/inbox/deputies/{deputy}/remove")
async def removed(at: At, deputy: str) -> Response:
    """Take a deputy's right away."""
    await remove_deputy(at.app, at.who, deputy)
    return at.go("/inbox/deputies", f"{deputy} is no deputy of yours any more.")
