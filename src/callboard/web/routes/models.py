"""Models: which are in use, under which names, what they cost, and whether they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import APIRouter
from starlette.responses import Response

from callboard.domain.errors import CallboardError
from callboard.ports.model_facts import ListPrice, ModelFacts
from callboard.usecases.app import NotAllowed
from callboard.usecases.model_trials import Trial, Tried, try_models
from callboard.usecases.models import ListedModels, list_models
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
class ModelsPage(Page):
    """Models and providers."""

    template = "models.html"
    section = "models"
    listed: ListedModels | None
    models: Sequence[ModelRow]
    tried: Sequence[TriedRow] = ()
    asked: str = ""
    wrong: str = ""

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
        return await at.show(await _page(at, (), model or "", str(error)), 422)
    return await at.show(await _page(at, [_tried(one) for one in answers], model or ""))


def _facts(at: Visit) -> ModelFacts | None:
    return cast("ModelFacts | None", at.request.app.state.facts)


async def _page(
    at: Visit, answers: Sequence[TriedRow] = (), asked: str = "", wrong: str = ""
) -> ModelsPage:
    facts = _facts(at)
    if facts is None:
        return ModelsPage(None, (), answers, asked, wrong)
    listed = await list_models(at.app, at.who, facts)
    rows = [
        ModelRow(one.model, one.provider, one.base_url or "", _price(one.price), one.named_by)
        for one in listed.models
    ]
    return ModelsPage(listed, rows, answers, asked, wrong)


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
