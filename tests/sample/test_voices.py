"""What the sample's models say: fit for any role, and the same for the same run."""

import asyncio
from dataclasses import replace

import jsonschema_rs
import pytest

from callboard.bootstrap import role_templates
from callboard.domain.message import Message, TextPart, user_message
from callboard.domain.tool import ToolSpec
from callboard.engine.prompt import Surroundings, instructions_prompt
from callboard.ports.model import ModelRequest, TextDelta
from callboard.sample.lines import turn_of
from callboard.sample.voices import Voices, at_a_pace
from callboard.sample.work import REPOSITORIES, edits_for, fate_of

TITLES = (
    "Add a limit to refunds",
    "Ändere die Preise 💶",
    "x",
    "Which one?",
    "Migrate it",
    "a b c d e f g h",
)


def request(*texts, tools=(), conversation="AUTH-1-1.implement-1"):
    specs = tuple(ToolSpec(name=name, description="", input_schema={}) for name in tools)
    messages = tuple(user_message(text) for text in texts)
    return ModelRequest(conversation, "vendor/haiku", "", messages, 0, specs)


@pytest.mark.parametrize("role", role_templates(), ids=lambda role: role.definition.id)
def test_every_role_that_hands_something_over_hands_over_what_its_schema_asks_for(role):
    definition = role.definition
    if definition.output_schema is None:
        return
    told = instructions_prompt(definition, Surroundings(), ())
    said = Message(role="assistant", parts=(TextPart(text="I look first."),))
    for title in TITLES:
        asked = request(f"<user_message>Task: {title}\n", told, tools=definition.tool_names)
        (call,) = turn_of(replace(asked, messages=(*asked.messages, said))).calls
        assert call.tool == "set_output"
        jsonschema_rs.validate(dict(definition.output_schema), call.arguments)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("space", REPOSITORIES)
def test_every_change_fits_its_repository_and_is_python_where_it_says_so(space, title):
    paths = "\n".join(REPOSITORIES[space])
    for attempt in (1, 2):
        for edit in edits_for(title, paths, attempt):
            if edit.path.endswith(".py"):
                compile(edit.content, edit.path, "exec")
            assert ".." not in edit.path


def test_a_title_has_always_the_same_fate():
    for title in TITLES:
        assert fate_of(title) == fate_of(title)
    fates = {
        fate_of(f"{verb} the thing {n}")
        for verb in ("Add", "Which", "Translate")
        for n in range(40)
    }
    assert fates == {"straight", "sent_back", "asks", "fails"}


def test_what_is_streamed_is_what_is_answered_and_costs_something():
    deltas = []
    asked = request("Task: Plan it")
    answer = asyncio.run(Voices(at_a_pace(0)).complete(asked, deltas.append))
    streamed = "".join(one.text for one in deltas if isinstance(one, TextDelta))
    assert streamed == "".join(getattr(part, "text", "") for part in answer.parts)
    assert answer.cost_usd is not None
    assert answer.cost_usd > 0
    again = asyncio.run(Voices(at_a_pace(0)).complete(asked, deltas.append))
    assert (again.usage, again.parts) == (answer.usage, answer.parts)
