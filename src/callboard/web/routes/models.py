"""Models: which are in use, under which names, what they cost, and whether they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.engine.pacing import Limit
from callboard.ports.model_facts import ListPrice, ModelFacts
from callboard.usecases.app import NotAllowed
from callboard.usecases.limits import (
    Bounds,
    BoundsStanding,
    list_limits,
    remove_limit,
    set_limit,
    wording,
)
from callboard.usecases.model_trials import Trial, Tried, try_models
from callboard.usecases.models import ListedModels, list_models
from callboard.web.faults import said_of
from callboard.web.form_routes import FormRoute
from callboard.web.page import Page
from callboard.web.render.words import tokens
from callboard.web.visit import At, Visit

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that somebody names here."""

    model: str
    provider: str
    address: str
    price: str
    named_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class TriedRow:
    """What came of one small question."""

    model: str
    provider: str
    state: str
    words: str
    took: str
    said: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit in words, and how much goes on under it. `full`: nothing more can begin."""

    name: str
    words: str
    in_use: int
    full: bool
    is_set: bool


@dataclass(frozen=True, slots=True)
class TypedLimit:
    """What somebody typed to set a limit."""

    name: str = ""
    at_once: str = ""
    per_minute: str = ""
    tokens_per_minute: str = ""


@dataclass(frozen=True, slots=True)
class ModelsPage(Page):
    """Models and providers."""

    template = "models.html"
    section = "models"
    listed: ListedModels | None
    models: Sequence[ModelRow]
    tried: Sequence[TriedRow] = ()
    asked: str = ""
    wrong: str = ""
    limits: Sequence[LimitRow] = ()
    typed: TypedLimit = field(default_factory=TypedLimit)

    @property
    def title(self) -> str:
        """The heading."""
        return "Models"


@router.get("/models")
async def models(at: At) -> Response:
    """List the models in use."""
    return await at.show(await _page(at))


@router.post("/models")
async def tried(at: At) -> Response:
    """Ask a model one small question, the way a run would."""
    model, provider = at.fields.some("model"), at.fields.some("provider")
    facts = _facts(at)
    if facts is None:
        raise NotAllowed("models cannot be tried on this site")
    try:
        answers = await try_models(at.app, at.who, Trial(model, provider), facts)
    except NotAllowed:
        raise
    except CallboardError as error:
        return await at.show(await _page(at, (), model or "", said_of(error)), 422)
    return await at.show(await _page(at, [_tried(one) for one in answers], model or ""))


@router.post("/models/limits")
async def limit(at: At) -> Response:
    """Set a limit, or another one of its name."""
    names = ("name", "at_once", "per_minute", "tokens_per_minute")
    typed = TypedLimit(*(at.fields.text(name) for name in names))
    try:
        wish = Limit(typed.name, _number(typed.at_once), _number(typed.per_minute))
        done = await set_limit(at.app, at.who, Bounds(wish, _number(typed.tokens_per_minute)))
    except NotAllowed:
        raise
    except CallboardError as error:
        return await at.show(await _page(at, wrong=said_of(error), typed=typed), 422)
    return at.go("/models#limits", f"{done.limit.name}: {wording(done)}.")


@router.post("/models/limits/remove")
async def unlimited(at: At) -> Response:
    """Take a limit away."""
    name = at.fields.text("name")
    try:
        await remove_limit(at.app, at.who, name)
    except NotAllowed:
        raise
    except CallboardError as error:
        return await at.show(await _page(at, wrong=said_of(error)), 422)
    return at.go("/models#limits", f"{name} has no limit any more.")


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 10:
        raise ConfigurationInvalid(f"{text[:40]!r} is no whole number, such as 20")
    return int(text)


def _facts(at: Visit) -> ModelFacts | None:
    return cast("ModelFacts | None", at.request.app.state.facts)


async def _page(
    at: Visit,
    answers: Sequence[TriedRow] = (),
    asked: str = "",
    wrong: str = "",
    typed: TypedLimit | None = None,
) -> ModelsPage:
    facts, rest = _facts(at), (answers, asked, wrong, await _limits(at), typed or TypedLimit())
    if facts is None:
        return ModelsPage(None, (), *rest)
    listed = await list_models(at.app, at.who, facts)
    rows = [
        ModelRow(one.model, one.provider, one.base_url or "", _price(one.price), one.named_by)
        for one in listed.models
    ]
    return ModelsPage(listed, rows, *rest)


async def _limits(at: Visit) -> Sequence[LimitRow]:
    try:
        found = await list_limits(at.app, at.who)
    except NotAllowed:
        return ()
    return [_limit_row(one) for one in found]


def _limit_row(one: BoundsStanding) -> LimitRow:
    limit = one.bounds.limit
    used_up = 0 in (one.left, one.tokens_left)
    full = used_up or (limit.at_once is not None and one.in_use >= limit.at_once)
    return LimitRow(limit.name, wording(one.bounds), one.in_use, full, one.bounds.is_set)


def _price(price: ListPrice | None) -> str:
    return "unknown" if price is None else f"${price.input_usd:,.2f} / ${price.output_usd:,.2f}"


def _tried(one: Tried) -> TriedRow:
    took = f"{one.latency_ms:,} ms" if one.latency_ms else ""
    if one.answer is None:
        return TriedRow(
            one.model, one.provider, "failed", one.reason or "failed", took, one.message
        )
    usage = one.answer.usage
    said = "" if usage is None else tokens(usage.input_tokens, usage.output_tokens)
    return TriedRow(one.model, one.provider, "done", "Answers", took, said)
