"""Chains of models: the next one is asked where the one before it is not there to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.definition.agent import AgentDefinition, Limits
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.errors import ConfigurationInvalid, KeyMissing
from callboard.domain.events.codec import Recorded
from callboard.domain.events.model_call import (
    ModelCallCompleted,
    ModelCallFailed,
    ModelCallStarted,
    ModelReplaced,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.org.principal import as_owner
from callboard.engine.ledger import usage_entries
from callboard.ports.model import ModelAnswer, ModelProvider, ModelRequest, OnDelta
from callboard.runtime.children import Ended
from callboard.testing.model import Script, ScriptedError, ScriptedProvider, Turn
from callboard.testing.rig import ANN, rig
from callboard.usecases.app import App
from callboard.usecases.runs import show_run
from callboard.usecases.start_run import StartRun, start_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio

DOWN = Turn(error=ScriptedError(reason="overloaded", times=5))


def chain(*names: str) -> dict[str, tuple[ModelChoice, ...]]:
    return {"r": tuple(ModelChoice(model=f"scripted/{name}") for name in names)}


async def run(app: App, run_id: str = "r") -> Ended:
    return await start_run(app, as_owner(ANN), StartRun(run_id, "a", "/w", "go"))


async def recorded(app: App, run_id: str = "r") -> list[Recorded]:
    return (await show_run(app, as_owner(ANN), run_id)).events


async def events(app: App) -> list[AnyEvent]:
    return [entry.event for entry in await recorded(app)]


def reviewer(**fields: object) -> AgentDefinition:
    return agent("a", "look", model="chain/r", **fields)


def output(ended: Ended) -> dict[str, object]:
    assert ended.terminal is not None
    return ended.terminal.output.model_dump()


async def test_a_model_that_is_down_is_replaced_by_the_next_and_the_log_says_why():
    provider = says(one=[DOWN, Turn(text="never")], two=[Turn(text="yes")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    assert output(await run(app))["value"] == "yes"
    log = await events(app)
    (replaced,) = [event for event in log if isinstance(event, ModelReplaced)]
    assert (replaced.position, replaced.replaces, replaced.model) == (
        1,
        "scripted/one",
        "scripted/two",
    )
    assert replaced.failure.reason == "overloaded"
    asked = [(e.attempt, e.model) for e in log if isinstance(e, ModelCallStarted)]
    assert asked == [*((n, "scripted/one") for n in range(1, 6)), (6, "scripted/two")]
    (entry,) = usage_entries(await recorded(app))
    assert entry.tags["model"] == "scripted/two"


async def test_the_run_stays_with_the_model_that_answered():
    looks = Turn(calls=(call("look", path="a"),))
    provider = says(one=[DOWN, Turn(text="never")], two=[looks, Turn(text="done")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    assert output(await run(app))["value"] == "done"
    answered = [e.answered_by for e in await events(app) if isinstance(e, ModelCallCompleted)]
    assert answered == ["scripted/two", "scripted/two"]


async def test_a_model_that_is_not_there_is_not_asked_twice():
    gone = Turn(error=ScriptedError(reason="not_found", retryable=False))
    provider = says(one=[gone, Turn(text="never")], two=[Turn(text="yes")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    assert output(await run(app))["value"] == "yes"
    assert len(provider.requests) == 2


async def test_a_wait_longer_than_a_run_would_take_leads_to_the_next():
    busy = Turn(error=ScriptedError(reason="rate_limited", retry_after_s=3600))
    provider = says(one=[busy, Turn(text="never")], two=[Turn(text="yes")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    assert output(await run(app))["value"] == "yes"
    assert len(provider.requests) == 2


@pytest.mark.parametrize("reason", ["refused", "invalid_request", "auth", "context_too_long"])
async def test_what_a_model_says_about_the_request_holds_for_all_of_the_chain(reason: str):
    no = Turn(error=ScriptedError(reason=reason, retryable=False))
    provider = says(one=[no, Turn(text="never")], two=[Turn(text="never")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    assert output(await run(app))["code"] == f"model_{reason}"
    assert len(provider.requests) == 1


async def test_a_chain_that_is_used_up_fails_and_names_all_that_were_asked():
    provider = says(one=[DOWN, Turn(text="never")], two=[DOWN, Turn(text="never")])
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    failed = output(await run(app))
    assert failed["code"] == "model_overloaded"
    assert "asked before it, in vain: scripted/one" in str(failed["message"])


async def test_samples_that_a_program_asks_for_fall_back_too():
    text = (
        "def handle_steps(ctx):\n"
        "    got = yield {'type': 'GENERATE_N', 'n': 2}\n"
        "    yield {'toolName': 'set_output', 'input': {'data': {'texts': got['nResponses']}}}\n"
    )
    provider = ScriptedProvider(
        {
            "one": Script(turns=(Turn(error=ScriptedError(reason="overloaded", times=99)),)),
            "two": Script(turns=(Turn(text="x"),)),
        }
    )
    definition = reviewer(
        tool_names=("set_output",), handle_steps=text, output_mode="structured_output"
    )
    app = rig(provider, definition, chains=chain("one", "two"))
    assert output(await run(app))["value"] == {"texts": ["x", "x"]}


@dataclass
class Keys:
    """A directory in which some models lack their key."""

    provider: ModelProvider
    without: frozenset[str] = frozenset()
    seen: list[tuple[str | None, str | None]] = field(
        default_factory=list[tuple[str | None, str | None]]
    )

    async def provider_for(
        self, definition: AgentDefinition, model: str, *, space: str = ""
    ) -> ModelProvider:
        self.seen.append((definition.provider, definition.credential))
        if model.removeprefix("scripted/") in self.without:
            raise KeyMissing(f"{model} needs a key")
        return self.provider

    async def close(self) -> None: ...


async def test_a_model_without_a_key_is_passed_over():
    models = Keys(says(two=[Turn(text="yes")]), frozenset({"one"}))
    app = rig(models.provider, reviewer(), models=models, chains=chain("one", "two"))
    assert output(await run(app))["value"] == "yes"
    (failed,) = [e for e in await events(app) if isinstance(e, ModelCallFailed)]
    assert failed.failure.reason == "missing_key"


async def test_nothing_begins_where_no_model_of_the_chain_has_a_key():
    models = Keys(says(), frozenset({"one", "two"}))
    app = rig(models.provider, reviewer(), models=models, chains=chain("one", "two"))
    with pytest.raises(ConfigurationInvalid, match="scripted/one needs a key"):
        await run(app)
    assert await app.ports.store.row("r") is None


async def test_a_choice_with_a_provider_of_its_own_takes_no_credential_along():
    models = Keys(says(one=[DOWN, Turn(text="never")], two=[Turn(text="yes")]))
    choices = (
        ModelChoice(model="scripted/one"),
        ModelChoice(model="scripted/two", provider="openai"),
    )
    definition = reviewer(provider="anthropic", credential="theirs")
    app = rig(models.provider, definition, models=models, chains={"r": choices})
    await run(app)
    assert set(models.seen) == {("anthropic", "theirs"), ("openai", None)}


@dataclass
class PriceList:
    """A provider that notes whose price is asked for; `one` is dear, the others are cheap."""

    inner: ScriptedProvider
    asked: list[str] = field(default_factory=list[str])

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        return await self.inner.complete(request, on_delta)

    async def ceiling_usd(
        self, model: str, *, input_tokens: int, output_tokens: int
    ) -> Decimal | None:
        self.asked.append(model)
        return Decimal(output_tokens) / (1_000 if model == "scripted/one" else 1_000_000)


async def test_what_is_reserved_is_the_price_of_the_model_that_is_asked():
    provider = PriceList(says(one=[DOWN, Turn(text="never")], two=[Turn(text="yes")]))
    app = rig(provider, reviewer(), chains=chain("one", "two"))
    limits = Limits(cost_usd=Decimal(1))
    wish = StartRun("r", "a", "/w", "go", limits=limits)
    assert output(await start_run(app, as_owner(ANN), wish))["value"] == "yes"
    assert list(dict.fromkeys(provider.asked)) == ["scripted/one", "scripted/two"]
    first, *_, last = provider.inner.requests
    assert first.max_output_tokens is not None
    assert last.max_output_tokens is not None
    assert last.max_output_tokens > first.max_output_tokens


OUTAGES = ("overloaded", "rate_limited", "server", "timeout", "connection", "not_found")
ANSWERS = ("refused", "invalid_request", "auth", "context_too_long")


@st.composite
def stories(draw: st.DrawFn) -> tuple[Mapping[str, Script], list[str]]:
    """What each model of a chain does when it is asked, in order; `by: order` counts calls."""
    names = [f"m{index}" for index in range(draw(st.integers(1, 4)))]
    scripts: dict[str, Script] = {}
    for name in names:
        turns: list[Turn] = []
        for _ in range(draw(st.integers(0, 3))):
            if draw(st.booleans()):
                reason = draw(st.sampled_from(OUTAGES + ANSWERS))
                turns.append(
                    Turn(error=ScriptedError(reason=reason, times=draw(st.integers(1, 6))))
                )
            turns.append(Turn(calls=(call("look", path="a"),)))
        fails = draw(st.booleans())
        error = ScriptedError(reason=draw(st.sampled_from(OUTAGES)), times=99)
        turns += [Turn(error=error), Turn(text="end")] if fails else [Turn(text="end")]
        scripts[name] = Script(turns=tuple(turns), by="order")
    return scripts, names


@given(story=stories())
async def test_a_chain_is_never_left_before_its_end_and_no_answer_is_thrown_away(
    story: tuple[Mapping[str, Script], list[str]],
):
    scripts, names = story
    provider = ScriptedProvider(scripts)
    app = rig(provider, reviewer(), chains=chain(*names))
    code = output(await run(app)).get("code")
    log = await events(app)
    steps = [event.position for event in log if isinstance(event, ModelReplaced)]
    assert steps == list(range(1, len(steps) + 1))
    if code is not None and str(code).removeprefix("model_") in OUTAGES:
        assert len(steps) == len(names) - 1
    asked = [event.model for event in log if isinstance(event, ModelCallStarted)]
    assert asked == sorted(asked)  # nobody is asked again once somebody else was
    ends = [e for e in log if isinstance(e, ModelCallCompleted | ModelCallFailed)]
    assert len(ends) == len(asked) == len(provider.requests)
    turns = [event.turn for event in log if isinstance(event, ModelCallCompleted)]
    assert turns == list(range(1, len(turns) + 1))
    numbered = [(event.turn, event.attempt) for event in log if isinstance(event, ModelCallStarted)]
    assert len(set(numbered)) == len(numbered)  # what is reserved for a call is its own
