"""Programmatic agents: what their yields do, what they are told, and how they end."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.events.child_run import ChildRunEnded, HistoryChange
from callboard.domain.events.program import ProgramEnded, ProgramYielded, SampleCompleted
from callboard.domain.events.run import RunCompleted, RunFailed, Terminal
from callboard.domain.events.union import AnyEvent
from callboard.domain.org.principal import as_owner
from callboard.domain.output import LastMessage, StructuredOutput
from callboard.runtime.reading import load
from callboard.testing.model import ScriptedProvider, Turn
from callboard.testing.programs import TrustedPrograms
from callboard.testing.rig import ANN, rig
from callboard.testing.store.crashing import Crash
from callboard.testing.store.memory import MemoryDisk, MemoryEventStore
from callboard.testing.world import World
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.runs import resume_run
from callboard.usecases.start_run import StartRun, start_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio


def programmed(steps: str, *tools: str, **fields: object) -> AgentDefinition:
    body = "\n".join(f"    {line}" for line in steps.strip().splitlines())
    return agent("p", *tools, handle_steps=f"def handle_steps(ctx):\n{body}\n", **fields)


async def played(
    steps: str,
    *tools: str,
    turns: Sequence[Turn] = (),
    world: World | None = None,
    others: Sequence[AgentDefinition] = (),
    **fields: object,
) -> tuple[Terminal, list[AnyEvent], ScriptedProvider]:
    provider = says(p=list(turns), **{other.id: [Turn(text="child")] * 3 for other in others})
    app = rig(provider, programmed(steps, *tools, **fields), *others, world=world or World())
    ended = await start_run(app, as_owner(ANN), StartRun("r", "p", "/w", "go"))
    entries = await load(app.ports.store, "r")
    await app.close()
    assert ended.terminal is not None
    return ended.terminal, [entry.event for entry in entries], provider


STRUCTURED: dict[str, Any] = {"output_mode": "structured_output"}


def value_of(terminal: Terminal) -> object:
    assert isinstance(terminal, RunCompleted), terminal
    assert isinstance(terminal.output, StructuredOutput)
    return terminal.output.value


async def test_a_pure_program_asks_no_model_and_sets_the_output():
    world = World(files={"a": "A"})
    terminal, events, provider = await played(
        """
r = yield {"toolName": "look", "input": {"path": "a"}}
yield {"toolName": "set_output", "input": {"data": {"saw": r["toolResult"], "why": ctx["prompt"]}}}
""",
        "look",
        world=world,
        **STRUCTURED,
    )
    assert value_of(terminal) == {"saw": [{"type": "json", "value": {"a": "A"}}], "why": "go"}
    assert provider.calls == ()
    assert [event.index for event in events if isinstance(event, ProgramYielded)] == [1, 2]


async def test_a_step_is_exactly_one_answer_even_where_that_calls_tools():
    terminal, _, provider = await played(
        """
r = yield "STEP"
yield {"toolName": "set_output", "input": {"data": {"complete": r["stepsComplete"]}}}
""",
        "look",
        turns=[Turn(text="looking", calls=(call("look", path="a"),))],
        **STRUCTURED,
    )
    assert value_of(terminal) == {"complete": False}
    assert len(provider.calls) == 1


async def test_step_all_lets_the_model_work_until_its_turn_ends():
    terminal, _, provider = await played(
        """
r = yield "STEP_ALL"
said = [m for m in r["agentState"]["messageHistory"] if m["role"] == "assistant"]
yield {"toolName": "set_output", "input": {"data": {"last": said[-1]["content"][0]["text"], "complete": r["stepsComplete"]}}}
""",
        "look",
        turns=[Turn(text="looking", calls=(call("look", path="a"),)), Turn(text="seen")],
        **STRUCTURED,
    )
    assert value_of(terminal) == {"last": "seen", "complete": True}
    assert len(provider.calls) == 2


async def test_a_program_may_go_on_after_the_model_thinks_that_it_is_done():
    terminal, _, provider = await played(
        'yield "STEP_ALL"\nyield {"toolName": "add_message", "input": {"role": "user", "content": "sum up"}, '
        '"includeToolCall": False}\nyield "STEP"',
        turns=[Turn(text="done"), Turn(text="in short")],
    )
    assert isinstance(terminal.output, LastMessage)
    assert terminal.output.text == "in short"
    sent = provider.calls[1].request.messages
    assert [message.text for message in sent][-2:] == ["done", "sum up"]


async def test_a_loop_of_steps_hears_when_the_model_is_done():
    _, _, provider = await played(
        """
while True:
    r = yield "STEP"
    if r["stepsComplete"]:
        break
""",
        "look",
        turns=[Turn(calls=(call("look", path="a"),))] * 2 + [Turn(text="done")],
    )
    assert len(provider.calls) == 3


async def test_a_call_that_is_not_included_leaves_no_trace_in_the_conversation():
    _, _, provider = await played(
        'yield {"toolName": "look", "input": {"path": "a"}, "includeToolCall": False}\nyield "STEP"',
        "look",
        turns=[Turn(text="ok")],
    )
    assert [message.role for message in provider.calls[0].request.messages] == ["user"]


async def test_a_call_that_is_included_stands_with_its_result_in_the_conversation():
    _, _, provider = await played(
        'yield {"toolName": "look", "input": {"path": "a"}}\nyield "STEP"',
        "look",
        turns=[Turn(text="ok")],
    )
    sent = provider.calls[0].request.messages
    assert [message.role for message in sent] == ["user", "assistant", "tool"]
    assert sent[1].tool_calls[0].arguments == {"path": "a"}


async def test_a_call_whose_input_does_not_fit_gives_an_error_and_the_program_goes_on():
    terminal, _, _ = await played(
        'r = yield {"toolName": "look", "input": {}}\n'
        'yield {"toolName": "set_output", "input": {"data": {"error": bool(r["toolError"])}}}',
        "look",
        **STRUCTURED,
    )
    assert value_of(terminal) == {"error": True}


async def test_a_program_may_not_call_what_the_agent_does_not_have():
    terminal, _, _ = await played('yield {"toolName": "pay", "input": {"path": "a"}}', "look")
    assert isinstance(terminal, RunFailed)
    assert "Tool pay is not available for agent p: add it to toolNames" in terminal.output.message


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("7", "7"),
        ("'STOP'", '"STOP"'),
        ('{"toolName": 3, "input": {}}', '"toolName": 3'),
        ('{"toolName": "look", "input": []}', '"input": []'),
        ('{"type": "GENERATE_N", "n": 0}', '"n": 0'),
        ('{"type": "GENERATE_N", "n": 10**6}', "1000000"),
        ("None", "null"),
    ],
)
async def test_a_yield_that_the_language_does_not_have_is_named(value, named):
    terminal, _, _ = await played(f"yield {value}", "look")
    assert isinstance(terminal, RunFailed)
    assert "Invalid yield value from handleSteps in agent p" in terminal.output.message
    assert named in terminal.output.message


async def test_an_exception_ends_the_run_and_asks_no_model():
    terminal, events, provider = await played("raise ValueError('no luck')\nyield")
    assert isinstance(terminal, RunFailed)
    assert "Error executing handleSteps for agent p" in terminal.output.message
    assert "no luck" in terminal.output.message
    assert provider.calls == ()
    assert any(isinstance(event, ProgramEnded) for event in events)


async def test_end_turn_ends_the_run_and_the_program_is_not_resumed():
    terminal, events, _ = await played(
        'yield {"toolName": "set_output", "input": {"data": {"n": 1}}}\n'
        'yield {"toolName": "end_turn", "input": {}}\nraise ValueError("never")',
        **STRUCTURED,
    )
    assert value_of(terminal) == {"n": 1}
    assert not any(isinstance(event, ProgramEnded) for event in events)


async def test_several_answers_are_sampled_and_none_of_them_joins_the_conversation():
    terminal, events, provider = await played(
        """
r = yield {"type": "GENERATE_N", "n": 3}
yield {"toolName": "set_output", "input": {"data": {"drafts": sorted(r["nResponses"])}}}
""",
        turns=[Turn(text="draft")],
        **STRUCTURED,
    )
    assert value_of(terminal) == {"drafts": ["draft"] * 3}
    assert len([event for event in events if isinstance(event, SampleCompleted)]) == 3
    assert all(len(asked.request.messages) == 1 for asked in provider.calls)
    used = [event.usage for event in events if isinstance(event, SampleCompleted)]
    assert terminal.usage.input_tokens == sum(one.input_tokens for one in used if one is not None)


async def test_a_text_is_played_as_if_the_model_had_said_it():
    world = World()
    terminal, _, _ = await played(
        """
text = 'First.\\n<codebuff_tool_call>\\n{"cb_tool_name": "put", "path": "a", "text": "</codebuff_tool_call>"}'
text += '\\n</codebuff_tool_call>\\nThen.<codebuff_tool_call>{oops</codebuff_tool_call>'
r = yield {"type": "STEP_TEXT", "text": text}
said = [m for m in r["agentState"]["messageHistory"] if m["role"] == "assistant"][-1]
yield {"toolName": "set_output", "input": {"data": {"parts": [c["type"] for c in said["content"]], "results": len(r["toolResult"])}}}
""",
        "put",
        world=world,
        **STRUCTURED,
    )
    assert world.files == {"a": "</codebuff_tool_call>"}
    assert value_of(terminal) == {"parts": ["text", "tool-call", "text"], "results": 1}


async def test_an_inline_agent_works_on_the_conversation_itself():
    pruner = agent(
        "pruner",
        handle_steps="def handle_steps(ctx):\n"
        "    kept = ctx['agentState']['messageHistory'][:1]\n"
        "    yield {'toolName': 'set_messages', 'input': {'messages': kept}, 'includeToolCall': False}\n",
    )
    _, events, provider = await played(
        """
yield "STEP"
yield {"toolName": "spawn_agent_inline", "input": {"agent_type": "pruner"}, "includeToolCall": False}
yield "STEP"
""",
        spawnable_agents=("pruner",),
        others=(pruner,),
        turns=[Turn(text="much"), Turn(text="more")],
    )
    assert [message.text for message in provider.calls[-1].request.messages] == [
        "<user_message>go</user_message>"
    ]
    (ended,) = [event for event in events if isinstance(event, ChildRunEnded)]
    assert ended.history == HistoryChange(kept=1, added=())


async def test_a_child_that_fails_is_an_error_for_the_program():
    broken = agent(
        "broken", handle_steps="def handle_steps(ctx):\n    raise ValueError('x')\n    yield\n"
    )
    terminal, _, _ = await played(
        """
r = yield {"toolName": "spawn_agents", "input": {"agents": [{"agent_type": "broken"}]}}
yield {"toolName": "set_output", "input": {"data": {"error": r["toolError"] or r["toolResult"]}}}
""",
        "spawn_agents",
        spawnable_agents=("broken",),
        others=(broken,),
        **STRUCTURED,
    )
    assert "failed" in str(value_of(terminal))


async def test_the_model_is_reminded_of_a_missing_output_once_the_program_is_over():
    terminal, _, provider = await played(
        'yield "STEP"',
        turns=[Turn(text="forgot"), Turn(calls=(call("set_output", n=1),))],
        output_schema={"type": "object"},
        **STRUCTURED,
    )
    assert value_of(terminal) == {"n": 1}
    assert "set_output" in provider.calls[1].request.messages[-1].text


async def test_a_program_that_never_stops_is_stopped():
    terminal, _, _ = await played(
        "while True:\n    yield {'toolName': 'think_deeply', 'input': {'thought': 'x'}, "
        "'includeToolCall': False}"
    )
    assert isinstance(terminal, RunFailed)
    assert terminal.output.code == "yield_limit"


async def test_turns_of_the_model_count_against_the_limit():
    terminal, _, _ = await played(
        'while True:\n    yield "STEP"', turns=[Turn(text="x")] * 9, limits={"turns": 3}
    )
    assert isinstance(terminal, RunFailed)
    assert terminal.output.code == "turn_limit"


async def test_a_program_that_is_not_deterministic_ends_the_run_with_both_yields_shown():
    steps = """
def handle_steps(ctx):
    yield {"toolName": "look", "input": {"path": "a" if STARTS == 1 else "b"}}
    yield {"toolName": "pay", "input": {"path": "bill"}}
"""
    boss = agent("p", "look", "pay", handle_steps=steps)
    disk, programs, world = MemoryDisk(), TrustedPrograms(), World(crash_at=2)
    store = MemoryEventStore(disk)
    first = rig(says(p=[]), boss, world=world, store=store, programs=programs)
    with pytest.raises(Crash):
        await start_run(first, as_owner(ANN), StartRun("r", "p", "/w", "go"))
    with suppress(Crash):
        await first.driver.close()
    await store.close()
    world.revive()
    second = rig(says(p=[]), boss, world=world, store=MemoryEventStore(disk), programs=programs)
    ended = await resume_run(second, as_owner(ANN), "r")
    await second.close()
    assert isinstance(ended.terminal, RunFailed)
    assert ended.terminal.output.code == "program_diverged"
    assert '"path": "a"' in ended.terminal.output.message
    assert '"path": "b"' in ended.terminal.output.message


async def test_a_run_that_waits_keeps_no_program_and_goes_on_where_it_was():
    ask = {"effect": "ask", "tool": "pay"}
    steps = """
r = yield {"toolName": "pay", "input": {"path": "bill", "text": "$"}}
yield {"toolName": "set_output", "input": {"data": {"paid": r["toolResult"]}}}
"""
    programs = TrustedPrograms()
    boss = programmed(steps, "pay", permissions=(ask,), **STRUCTURED)
    app = rig(says(p=[]), boss, programs=programs)
    assert (await start_run(app, as_owner(ANN), StartRun("r", "p", "/w", "go"))).waiting is not None
    gate = await open_gate(app, as_owner(ANN), "r")
    ended = await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest=gate.gate.digest)
    await app.close()
    assert ended.terminal is not None
    assert value_of(ended.terminal) == {"paid": [{"type": "json", "value": {"bill": "$"}}]}
    assert programs.started == 2
