"""Traces as a real collector gets them: by the GenAI conventions, of whole trees of runs, never in a run's way."""

import json
import threading
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from callboard.bootstrap.traces import open_traces
from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.org.principal import as_owner
from callboard.domain.usage import Usage
from callboard.domain.workflow import Task, WorkflowDefinition
from callboard.settings import read_settings
from callboard.testing.model import Script, ScriptedCall, ScriptedError, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.testing.world import World
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.start_task import StartTask, start_task
from tests.unused import unused_port

from .collector import Collector, attributes

pytestmark = pytest.mark.anyio
ANN = as_owner(Actor(kind="person", name="ann"))
USAGE = Usage(input_tokens=100, output_tokens=7, cache_read_tokens=60)


def agent(id_, *tools, **fields):
    plain = {"id": id_, "display_name": id_.title(), "model": f"scripted/{id_}"}
    return AgentDefinition.model_validate(plain | {"tool_names": tools} | fields)


def call(tool, **arguments):
    return ScriptedCall.model_validate({"tool": tool, "arguments": arguments})


def settings(url, **env):
    return read_settings({"CALLBOARD_HOME": "/nowhere", "OTEL_EXPORTER_OTLP_ENDPOINT": url, **env})


async def traced(url, work, *agents, env=None, **turns):
    """Do some work in an app that sends traces, and close it."""
    scripts = {name: Script(turns=tuple(of)) for name, of in turns.items()}
    app = rig(ScriptedProvider(scripts), *agents, world=World({"a": "the file"}))
    told = settings(url, **(env or {}))
    app = replace(app, telemetry=open_traces(told, app.ports.store, app.ports.live))
    ended = await work(app)
    await app.close()
    return ended


async def one_run(app):
    return await start_run(app, ANN, StartRun("r", "one", "/w", "my secret wish"))


TURNS = (
    Turn(calls=(call("look", path="a"),), usage=USAGE),
    Turn(text="a secret answer", usage=USAGE),
)


async def test_a_run_is_a_span_with_a_span_for_each_call_and_each_tool():
    with Collector() as collector:
        await traced(collector.url, one_run, agent("one", "look", version="1.2.3"), one=TURNS)
        (whole,) = collector.named("invoke_agent One")
        chats, tools = collector.named("chat scripted/one"), collector.named("execute_tool look")
    assert (len(chats), len(tools)) == (2, 1)
    assert {span.trace_id for span in collector.spans} == {whole.trace_id}
    assert {span.parent_span_id for span in (*chats, *tools)} == {whole.span_id}
    assert whole.parent_span_id == b""
    told = attributes(whole.attributes)
    assert told["gen_ai.operation.name"] == "invoke_agent"
    assert told["gen_ai.agent.id"] == "one"
    assert told["gen_ai.agent.name"] == "One"
    assert told["gen_ai.agent.version"] == "1.2.3"
    assert told["gen_ai.provider.name"] == "scripted"
    assert told["gen_ai.conversation.id"] == "r"
    called = attributes(chats[0].attributes)
    assert called["gen_ai.operation.name"] == "chat"
    assert called["gen_ai.request.model"] == "scripted/one"
    assert called["gen_ai.response.finish_reasons"] == ["tool_calls"]
    assert called["gen_ai.usage.input_tokens"] == 100
    assert called["gen_ai.usage.output_tokens"] == 7
    assert called["gen_ai.usage.cache_read.input_tokens"] == 60
    assert chats[0].kind == 3  # a client's
    used = attributes(tools[0].attributes)
    assert used["gen_ai.operation.name"] == "execute_tool"
    assert used["gen_ai.tool.name"] == "look"
    assert used["gen_ai.tool.type"] == "function"
    assert used["gen_ai.tool.call.id"]
    for span in collector.spans:
        assert whole.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
    named = collector.resources[0]
    assert named["service.name"] == "callboard"
    assert named["service.version"]


async def test_what_was_said_is_kept_back_unless_somebody_asks_for_it():
    with Collector() as collector:
        await traced(collector.url, one_run, agent("one", "look"), one=TURNS)
    assert b"secret" not in collector.bodies
    assert b"the file" not in collector.bodies


async def test_what_was_said_goes_along_where_it_is_asked_for():
    content = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    definition = agent("one", "look", system_prompt="Be kind.")
    with Collector() as collector:
        await traced(collector.url, one_run, definition, env=content, one=TURNS)
    (whole,) = collector.named("invoke_agent")
    told = attributes(whole.attributes)
    assert json.loads(told["gen_ai.input.messages"])[0]["parts"][0]["content"] == "my secret wish"
    assert "Be kind." in told["gen_ai.system_instructions"]
    said = [attributes(span.attributes) for span in collector.named("chat")]
    first, second = (json.loads(one["gen_ai.output.messages"])[0] for one in said)
    assert first["parts"][0]["type"] == "tool_call"
    assert second["parts"] == [{"type": "text", "content": "a secret answer"}]
    (tool,) = collector.named("execute_tool")
    assert "the file" in attributes(tool.attributes)["gen_ai.tool.call.result"]


async def test_what_failed_says_how():
    wrong = Turn(error=ScriptedError(reason="unauthorized"))
    with Collector() as collector:
        await traced(collector.url, one_run, agent("one"), one=[wrong])
    (chat,), (whole,) = collector.named("chat"), collector.named("invoke_agent")
    assert attributes(chat.attributes)["error.type"] == "unauthorized"
    assert attributes(whole.attributes)["error.type"] == "failed"
    assert (chat.status.code, whole.status.code) == (2, 2)


async def test_a_task_and_everything_below_it_is_one_trace():
    step = {"kind": "agent", "id": "do", "title": "Do", "agent": "one"}
    flow = WorkflowDefinition.model_validate({"id": "flow", "title": "Flow", "steps": [step]})
    wish = StartTask("t", Task(title="Do it"), flow, "/repository")

    with Collector() as collector:
        await traced(
            collector.url, lambda app: start_task(app, ANN, wish), agent("one", "look"), one=TURNS
        )
    (flow_span,), (run_span,) = (
        collector.named("invoke_workflow flow"),
        collector.named("invoke_agent"),
    )
    assert attributes(flow_span.attributes)["gen_ai.workflow.name"] == "flow"
    assert run_span.parent_span_id == flow_span.span_id
    assert {span.trace_id for span in collector.spans} == {flow_span.trace_id}
    assert {attributes(span.attributes)["gen_ai.conversation.id"] for span in collector.spans} == {
        "t"
    }


@pytest.mark.parametrize("latest", [False, True])
async def test_durations_and_tokens_have_the_names_of_the_conventions(latest):
    chosen = {"OTEL_SEMCONV_STABILITY_OPT_IN": "http,gen_ai_latest_experimental"} if latest else {}
    with Collector() as collector:
        await traced(collector.url, one_run, agent("one", "look"), env=chosen, one=TURNS)
    durations = collector.number("gen_ai.client.operation.duration")
    by = {attributes(point.attributes)["gen_ai.operation.name"]: point.count for point in durations}
    assert by == {"chat": 2, "execute_tool": 1, "invoke_agent": 1}
    if latest:
        (spent,) = collector.number("gen_ai.client.inference.usage.input_tokens")
        assert spent.as_int == 200
        (said,) = collector.number("gen_ai.client.inference.usage.output_tokens")
        assert said.as_int == 14
    else:
        points = collector.number("gen_ai.client.token.usage")
        sums = {attributes(one.attributes)["gen_ai.token.type"]: one.sum for one in points}
        assert sums == {"input": 200, "output": 14}


async def test_a_collector_that_is_away_costs_no_run_anything():
    url = f"http://127.0.0.1:{unused_port()}"
    ended = await traced(url, one_run, agent("one", "look"), one=TURNS)
    assert ended.terminal.type == "run.completed"
    assert not [one for one in threading.enumerate() if one.name.startswith("Otel")]


async def test_a_collector_that_never_answers_is_not_waited_for():
    with Collector(answers=False) as collector:
        ended = await traced(collector.url, one_run, agent("one", "look"), one=TURNS)
        assert ended.terminal.type == "run.completed"
        assert not collector.released.is_set()


async def test_without_a_collector_nothing_is_opened():
    app = rig(ScriptedProvider({}))
    assert open_traces(read_settings({}), app.ports.store, app.ports.live) is None
    off = settings("http://localhost:4318", OTEL_SDK_DISABLED="true")
    assert off.traces is None
    await app.close()


@pytest.mark.parametrize(
    "env",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_a_collector_that_cannot_be_reached_in_this_way_is_refused(env):
    with pytest.raises(ConfigurationInvalid, match="OTEL_EXPORTER_OTLP"):
        read_settings(env)


def test_times_are_exact_to_the_microsecond():
    from callboard.telemetry.otlp import _nanoseconds  # noqa: PLC0415

    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    assert _nanoseconds(at) % 1_000_000_000 == 678_901_000
