"""Generators in Python: what they are given, what they yield, how they fail."""

import pytest

from callboard.ports.programs import ProgramFault

pytestmark = pytest.mark.anyio


async def test_every_form_of_a_yield_comes_out_as_the_language_writes_it(patient, resume):
    values = await patient.values(
        """
from callboard import STEP, STEP_ALL, GenerateN, StepText, ToolCall

def handle_steps(ctx):
    yield ToolCall("read_files", paths=["a"])
    yield ToolCall("add_message", include_tool_call=False, role="user", content="x")
    yield STEP
    yield STEP_ALL
    yield StepText("hello")
    yield GenerateN(3)
    yield {"tool_name": "x", "input": {}, "include_tool_call": False}
""",
        *[resume()] * 7,
    )
    assert values == [
        {"toolName": "read_files", "input": {"paths": ["a"]}, "includeToolCall": True},
        {
            "toolName": "add_message",
            "input": {"role": "user", "content": "x"},
            "includeToolCall": False,
        },
        "STEP",
        "STEP_ALL",
        {"type": "STEP_TEXT", "text": "hello"},
        {"type": "GENERATE_N", "n": 3},
        {"tool_name": "x", "input": {}, "include_tool_call": False},
        None,
    ]


async def test_what_a_yield_returns_has_both_spellings_and_attributes(patient, resume):
    given = resume(
        agentState={"messageHistory": [{"role": "user"}], "runId": "r"},
        toolResult=[{"type": "json", "value": {"someKey": 1}}],
        toolError="no such file",
        stepsComplete=True,
        nResponses=["a", "b"],
    )
    values = await patient.values(
        """
def handle_steps(ctx):
    r = yield "STEP"
    yield [
        r.tool_result, r["toolResult"], r["tool_result"], r.get("toolError"), r.tool_error,
        r.steps_complete, r.stepsComplete, r.n_responses,
        r.agent_state.message_history, r["agent_state"]["messageHistory"], r.agentState.run_id,
        "tool_result" in r, "nothing" in r, r.get("nothing", 7), sorted(r),
    ]
""",
        given,
    )
    result = [{"type": "json", "value": {"someKey": 1}}]
    history = [{"role": "user"}]
    assert values[1] == [
        *(result, result, result, "no such file", "no such file", True, True, ["a", "b"]),
        *(history, history, "r", True, False, 7),
        ["agentState", "nResponses", "stepsComplete", "toolError", "toolResult", "toolText"],
    ]


async def test_a_state_that_is_passed_on_keeps_its_own_spelling(patient, resume):
    values = await patient.values(
        "def handle_steps(ctx):\n    r = yield 'STEP'\n    yield r.agent_state\n",
        resume(agentState={"messageHistory": []}),
    )
    assert values[1] == {"messageHistory": []}


async def test_the_context_is_a_mapping_or_comes_by_name(patient):
    told = {"agentState": {"runId": "r"}, "prompt": "go", "params": {"someKey": 1}, "model": "m"}
    expected = ["r", "r", "go", {"someKey": 1}, "m"]
    body = "yield [{s}.run_id, {s}.runId, {p}, {q}, {m}]"
    mapping = "def handle_steps(ctx):\n    " + body.format(
        s="ctx.agent_state", p='ctx["prompt"]', q="ctx.params", m="ctx.model"
    )
    named = "def {}:\n    " + body.format(s="agent_state", p="prompt", q="params", m="model")
    for text in (
        mapping,
        named.format("handle_steps(agent_state, prompt, params, logger, model=None)"),
        named.format("handleSteps(model, *, params, agent_state, prompt, own=3)"),
        "def handle_steps(agentState, **rest):\n    "
        + body.format(s="agentState", p="rest['prompt']", q="rest['params']", m="rest['model']"),
    ):
        assert await patient.first(text, **told) == expected, text


async def test_a_parameter_that_nobody_knows_is_named(patient):
    with pytest.raises(ProgramFault, match=r"`tools`.*agent_state, prompt") as caught:
        await patient.start("def handle_steps(prompt, tools):\n    yield 'STEP'\n")
    assert caught.value.reason == "error"


async def test_a_return_ends_it_with_its_value(patient):
    reached = await patient.drive("def handle_steps(ctx):\n    return {'n': 1}\n    yield\n")
    assert [(step.done, step.value) for step in reached] == [(True, {"n": 1})]


async def test_a_program_that_has_ended_cannot_go_on(patient, resume, now):
    program = await patient.start("def handle_steps(ctx):\n    return\n    yield\n")
    await program.advance(None, now=now)
    with pytest.raises(ProgramFault, match="has returned"):
        await program.advance(resume(), now=now)


async def test_generators_may_be_made_of_others(patient, resume):
    values = await patient.values(
        """
def look(path):
    r = yield {"toolName": "read_files", "input": {"paths": [path]}}
    return r.tool_result

def handle_steps(ctx):
    return (yield from look("a")) + (yield from look("b"))
""",
        resume(toolResult=[1]),
        resume(toolResult=[2]),
    )
    assert values[-1] == [1, 2]


async def test_log_lines_come_with_the_step_that_wrote_them(patient, resume):
    first, second = await patient.drive(
        """
def handle_steps(ctx):
    seen = {"n": 1}
    ctx.logger.info(seen, "begun")
    seen["n"] = 2
    ctx.logger.warning({1, 2} and "odd")
    print("a", 3, sep="-")
    yield "STEP"
    ctx.logger.error(object)
    ctx.logger.debug()
""",
        resume(),
    )
    assert [(line.level, line.data, line.message) for line in first.logs] == [
        ("info", {"n": 1}, "begun"),
        ("warn", "odd", ""),
        ("info", "a-3", ""),
    ]
    assert [(line.level, line.data) for line in second.logs] == [
        ("error", "<class 'object'>"),
        ("debug", None),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def handle_steps(ctx):\n    yield 1 / 0", "ZeroDivisionError: division by zero (line 2)"),
        ("raise ValueError('at once')", "ValueError: at once (line 1)"),
        ("import sys_not_there", "ImportError: sys_not_there cannot be imported here"),
        ("def handle_steps(ctx:\n", "SyntaxError"),
        ("x = 1", "defines no function `handle_steps`"),
        ("handle_steps = 3", "defines no function `handle_steps`"),
        ("def handle_steps(ctx): return 3", "has no `yield`, and gave 3"),
        ("async def handle_steps(ctx):\n    yield 1", "`async def`"),
        ("async def handle_steps(ctx): ...", "`async def`"),
        ("def handle_steps(ctx):\n    yield object", "yielded <class 'object'>, which is not JSON"),
        ("def handle_steps(ctx):\n    yield {1, 2}", "yielded {1, 2}, which is not JSON"),
        ("def handle_steps(ctx):\n    return len\n    yield", "returned <built-in function len>"),
        ("def handle_steps(ctx):\n    raise SystemExit('bye')\n    yield", "SystemExit: bye"),
        ("def handle_steps(ctx):\n    yield ctx.nothing", "there is no 'nothing' here; there are"),
    ],
)
async def test_a_failure_says_what_and_where(patient, text, message):
    with pytest.raises(ProgramFault) as caught:
        await patient.drive(text)
    assert message in str(caught.value)
    assert caught.value.reason == "error"


async def test_pure_modules_can_be_used(patient):
    value = await patient.first(
        """
from __future__ import annotations
import base64, collections.abc, dataclasses, datetime, decimal, difflib, enum, fractions, functools
import hashlib, html, itertools, json, math, re, statistics, string, textwrap, typing, unicodedata
import urllib.parse, uuid
from collections import Counter, defaultdict

@dataclasses.dataclass
class Point:
    x: int
    kind: enum.Enum

class Color(enum.Enum):
    RED = "red"

def handle_steps(ctx):
    yield {
        "sha": hashlib.sha256(b"x").hexdigest()[:8],
        "day": datetime.datetime.strptime("2026-01-02", "%Y-%m-%d").strftime("%A"),
        "ratio": difflib.SequenceMatcher(None, "abc", "abd").ratio() > 0.5,
        "url": urllib.parse.urlsplit("https://e.org/x?y=1").query,
        "decimal": str(decimal.Decimal("0.1") + 1),
        "count": Counter("aab"),
        "point": Point(1, Color.RED),
        "text": "é".encode("latin-1").decode("cp1252") + "straße".encode("utf-16").decode("utf-16"),
        "format": f"{3.14159:.2f} {1000000:,}",
        "median": statistics.median([1, 3, 2]),
    }
"""
    )
    assert value == {
        "sha": "2d711642",
        "day": "Friday",
        "ratio": True,
        "url": "y=1",
        "decimal": "1.1",
        "count": {"a": 2, "b": 1},
        "point": {"x": 1, "kind": "red"},
        "text": "éstraße",
        "format": "3.14 1,000,000",
        "median": 2,
    }


async def test_opening_a_file_is_refused_with_what_to_do_instead(patient):
    with pytest.raises(ProgramFault, match="yield a tool call"):
        await patient.drive("def handle_steps(ctx):\n    yield open('/etc/passwd').read()\n")


@pytest.mark.parametrize(
    "text",
    [
        "def handle_steps(ctx):\n    yield [ctx.prompt, '\\ud83d' + 'x', ctx.params['n'] // 2**70]\n",
        "function* ({ prompt, params }) { yield [prompt, '\\ud83d' + 'x', params.n / 2 ** 70] }",
    ],
)
async def test_what_json_can_hardly_hold_goes_in_and_comes_out_mended(patient, text):
    value = await patient.first(text, prompt="\ud800!", params={"n": 2**70})
    assert value == ["\ufffd!", "\ufffdx", 1]


async def test_a_state_too_deep_to_be_written_is_a_fault(patient):
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProgramFault, match="nested too deeply"):
        await patient.start("function* () {}", params=deep)
