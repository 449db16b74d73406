"""What reaches the model, and what people say to a run while it goes on."""

import pytest

from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.codec import Recorded
from callboard.domain.message import MediaPart
from callboard.domain.org.principal import as_owner
from callboard.domain.output import LastMessage, StructuredOutput
from callboard.ports.model import ModelAnswer, ModelRequest, OnDelta
from callboard.runtime.reading import load
from callboard.testing.model import ScriptedProvider, Turn
from callboard.testing.rig import ANN, BEN, rig
from callboard.testing.world import World
from callboard.usecases.app import App
from callboard.usecases.deciding import decide_gate
from callboard.usecases.decision import Decision
from callboard.usecases.gates import open_gate
from callboard.usecases.start_run import StartRun, start_run
from callboard.usecases.steer_run import steer_run

from .script import agent, call, says

pytestmark = pytest.mark.anyio


def texts(request: ModelRequest) -> list[str]:
    return [message.text for message in request.messages]


async def answer_of(app: App, wish: StartRun | None = None) -> str:
    ended = await start_run(app, as_owner(ANN), wish or StartRun("r", "a", "/w", "go"))
    assert ended.terminal is not None
    assert isinstance(ended.terminal.output, LastMessage), ended.terminal.output
    return ended.terminal.output.text


class Steered:
    """A model to whose run somebody says something while it writes its first answer."""

    def __init__(self, inner: ScriptedProvider) -> None:
        self.inner = inner
        self.app: App | None = None

    async def complete(self, request: ModelRequest, on_delta: OnDelta) -> ModelAnswer:
        if self.app is not None:
            await steer_run(self.app, as_owner(BEN), "r", "And in French.")
            self.app = None
        return await self.inner.complete(request, on_delta)


async def test_what_is_said_to_a_run_joins_before_the_next_answer_and_the_run_goes_on():
    inner = says(
        a=[Turn(calls=(call("look", path="x"),)), Turn(text="Hello"), Turn(text="Bonjour")]
    )
    model = Steered(inner)
    app = rig(model, agent("a", "look"))
    model.app = app
    said = await answer_of(app)
    entries = await load(app.ports.store, "r")
    await app.close()
    joined = [entry for entry in entries if entry.event.type == "message.added"]
    assert len(joined) == 1, "once, however often the wish was seen"
    assert said in ("Hello", "Bonjour")
    assert any(
        "<user_message>And in French.</user_message>" in texts(one.request) for one in inner.calls
    )


async def test_a_message_to_a_run_that_waits_is_read_when_it_goes_on():
    provider = says(a=[Turn(calls=(call("pay", path="b"),)), Turn(text="done")])
    rules = ({"effect": "ask", "tool": "pay"},)
    app = rig(provider, agent("a", "pay", permissions=rules))
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    await steer_run(app, as_owner(BEN), "r", "Be quick.")
    gate = await open_gate(app, as_owner(ANN), "r")
    await decide_gate(app, as_owner(ANN), "r", Decision("approve"), digest=gate.gate.digest)
    entries = await load(app.ports.store, "r")
    await app.close()
    assert [message_of(entry) for entry in entries if entry.event.type == "message.added"] == [
        "<user_message>Be quick.</user_message>"
    ]


def message_of(entry: Recorded) -> str:
    return entry.event.message.text if entry.event.type == "message.added" else ""


async def test_nothing_can_be_said_to_a_run_that_has_ended_or_is_not_there():
    app = rig(says(a=[Turn(text="x")]), agent("a"))
    await answer_of(app)
    with pytest.raises(ConfigurationInvalid, match="has ended"):
        await steer_run(app, as_owner(BEN), "r", "hello?")
    with pytest.raises(UnknownThing):
        await steer_run(app, as_owner(BEN), "nobody", "hello?")
    with pytest.raises(ConfigurationInvalid, match="1 to"):
        await steer_run(app, as_owner(BEN), "r", "  ")
    await app.close()


QUESTION = {"questions": [{"question": "Which?", "options": [{"label": "A"}, {"label": "B"}]}]}


@pytest.mark.parametrize(
    ("verdict", "answer", "note", "told"),
    [
        ("answer", "B, please", "", {"answers": [{"questionIndex": 0, "otherText": "B, please"}]}),
        (
            "answer",
            {"answers": [{"questionIndex": 0, "selectedOption": "B"}]},
            "",
            {"answers": [{"questionIndex": 0, "selectedOption": "B"}]},
        ),
        ("approve", None, "take A", {"answers": [{"questionIndex": 0, "otherText": "take A"}]}),
        ("reject", None, "", {"skipped": True}),
    ],
)
async def test_a_question_waits_at_a_gate_and_its_answer_is_the_calls_result(
    verdict, answer, note, told
):
    provider = says(a=[Turn(calls=(call("ask_user", **QUESTION),)), Turn(text="thanks")])
    app = rig(provider, agent("a", "ask_user"))
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    assert ended.waiting is not None
    gate = await open_gate(app, as_owner(ANN), "r")
    assert gate.gate.reason == "input_required"
    assert "Which?" in gate.gate.question
    done = await decide_gate(
        app,
        as_owner(ANN),
        "r",
        Decision(verdict, note=note, answer=answer),
        digest=gate.gate.digest,
    )
    await app.close()
    assert done.terminal is not None
    (result,) = provider.calls[-1].request.messages[-1].parts
    assert result.kind == "tool_result"
    assert result.output[0].model_dump()["value"] == told


async def test_an_approval_gate_is_not_answered():
    provider = says(a=[Turn(calls=(call("pay", path="b"),))])
    app = rig(provider, agent("a", "pay", permissions=({"effect": "ask", "tool": "pay"},)))
    await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    gate = await open_gate(app, as_owner(ANN), "r")
    with pytest.raises(ConfigurationInvalid, match="approve or reject"):
        await decide_gate(
            app, as_owner(ANN), "r", Decision("answer", answer="x"), digest=gate.gate.digest
        )
    await app.close()


async def test_images_go_with_the_prompt():
    provider = says(a=[Turn(text="a cat")])
    app = rig(provider, agent("a"))
    image = MediaPart(media_type="image/png", data="QQ==")
    await answer_of(app, StartRun("r", "a", "/w", "what is it?", attachments=(image,)))
    await app.close()
    assert provider.calls[0].request.messages[0].parts[1] == image


async def test_a_run_may_continue_the_conversation_of_an_earlier_one():
    provider = says(a=[Turn(text="I am Ada."), Turn(text="Ada.")])
    app = rig(provider, agent("a"))
    await answer_of(app, StartRun("first", "a", "/w", "Who?"))
    await answer_of(app, StartRun("second", "a", "/w", "Again?", previous="first"))
    await app.close()
    assert texts(provider.calls[1].request)[:3] == [
        "<user_message>Who?</user_message>",
        "I am Ada.",
        "<user_message>Again?</user_message>",
    ]


async def test_a_model_without_native_calls_is_told_in_words_and_calls_in_words():
    said = 'I look.\n<callboard_tool_call>{"tool_name": "look", "path": "x"}</callboard_tool_call>'
    provider = says(a=[Turn(text=said), Turn(text="It says X.")])
    world = World(files={"x": "X"})
    app = rig(provider, agent("a", "look", text_tool_calls=True, system_prompt="Hi."), world=world)
    assert await answer_of(app) == "It says X."
    await app.close()
    first, second = (one.request for one in provider.calls)
    assert first.tools == ()
    assert first.system.startswith("Hi.\n\n# Tools")
    assert "## look" in first.system
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert "<tool_result>" in second.messages[-1].text
    assert '"X"' in second.messages[-1].text


async def test_a_sloppy_name_and_sloppy_arguments_are_understood():
    sloppy = call("functions.look", path="x").model_copy(
        update={"arguments": None, "raw": "{'path': 'x',}"}
    )
    provider = says(a=[Turn(calls=(sloppy,)), Turn(text="ok")])
    world = World(files={"x": "X"})
    app = rig(provider, agent("a", "look"), world=world)
    assert await answer_of(app) == "ok"
    await app.close()
    assert any(entry.startswith("look ") for entry in world.ledger)


async def test_a_child_that_inherits_the_prompt_is_told_the_parents_tools_and_may_use_its_own_only():
    provider = says(
        a=[Turn(calls=(call("spawn_agents", agents=[{"agent_type": "b"}]),)), Turn(text="ok")],
        b=[Turn(calls=(call("put", path="x", text="y"),)), Turn(text="cannot")],
    )
    lead = agent("a", "spawn_agents", "put", spawnable_agents=("b",), system_prompt="We are one.")
    child = agent("b", "look", inherit_parent_system_prompt=True)
    world = World()
    app = rig(provider, lead, child, world=world)
    await answer_of(app)
    await app.close()
    parents, childs = provider.calls[0].request, provider.calls[1].request
    assert childs.system == parents.system == "We are one."
    assert [tool.name for tool in childs.tools] == ["spawn_agents", "put"]
    assert "Your only tools are: look" in texts(childs)[-1]
    assert world.files == {}


async def test_agents_that_may_be_spawned_are_tools_of_the_model():
    provider = says(
        a=[Turn(calls=(call("file_picker", prompt="where?"),)), Turn(text="ok")],
        **{"file-picker": [Turn(text="there")]},
    )
    picker = agent("file-picker", spawner_prompt="Finds files.")
    app = rig(provider, agent("a", "spawn_agents", spawnable_agents=("file-picker",)), picker)
    assert await answer_of(app) == "ok"
    await app.close()
    (told,) = [tool for tool in provider.calls[0].request.tools if tool.name == "file_picker"]
    assert told.description == "Finds files."
    assert "prompt" in str(told.input_schema)


async def test_prompts_are_told_of_the_place_where_they_are_only_if_they_ask():
    provider = says(a=[Turn(text="ok")])
    world = World(files={"src/app.py": "x", "src/lib/a.py": "y", "AGENTS.md": "Be nice."})
    definition = agent(
        "a",
        system_prompt="{CODEBUFF_FILE_TREE_PROMPT}\n{CALLBOARD_KNOWLEDGE_FILES_CONTENTS}",
        instructions_prompt="In {CODEBUFF_PROJECT_ROOT} on {CALLBOARD_CURRENT_DATE}.",
        step_prompt="{CODEBUFF_REMAINING_STEPS} left in {CODEBUFF_USER_CWD}",
        limits={"turns": 7},
    )
    app = rig(provider, definition, world=world)
    await answer_of(app)
    await app.close()
    request = provider.calls[0].request
    assert "src/\n  app.py\n  lib/\n    a.py" in request.system
    assert "AGENTS.md\n```\nBe nice.\n```" in request.system
    assert "In /w on " in texts(request)[1]
    assert texts(request)[-1] == "<system_reminder>7 left in /w</system_reminder>"


async def test_aims_are_kept_for_programs_to_see():
    steps = (
        "def handle_steps(ctx):\n"
        '    yield {"toolName": "add_subgoal", "input": {"id": "1", "objective": "o", "status": "IN_PROGRESS"}}\n'
        '    r = yield {"toolName": "update_subgoal", "input": {"id": "1", "status": "COMPLETE", "log": "did"}}\n'
        '    yield {"toolName": "set_output", "input": {"data": r["agentState"]["agentContext"]}}\n'
    )
    tools = ("add_subgoal", "update_subgoal")
    app = rig(says(), agent("a", *tools, handle_steps=steps, output_mode="structured_output"))
    ended = await start_run(app, as_owner(ANN), StartRun("r", "a", "/w", "go"))
    await app.close()
    assert ended.terminal is not None
    assert isinstance(ended.terminal.output, StructuredOutput)
    assert ended.terminal.output.value == {
        "1": {"objective": "o", "status": "COMPLETE", "plan": None, "logs": ["did"]}
    }
