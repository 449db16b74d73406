"""Incidents of other products in which stored state became more than data."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.shell import CANARY, call, calls, say
from tests.domain.logs import START, agent, created
from tests.domain.made import any_event

from callboard.domain.actor import Actor
from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import GENESIS, Recorded, Sealed, seal, unseal, with_blob
from callboard.domain.events.conversation import OutputSet
from callboard.domain.events.gate import GateDecided
from callboard.domain.events.tool_call import ToolCallCompleted
from callboard.domain.tool import json_outputs

from .effects import watched

pytestmark = pytest.mark.timeout(300)

POSING = (
    {"lc": 1, "type": "constructor", "id": ["subprocess", "run"], "kwargs": {"args": "touch ran"}},
    {"lc": 1, "type": "secret", "id": ["OPENROUTER_API_KEY"]},
    {"lc": 2, "type": "constructor", "id": ["os", "system"], "args": ["touch ran"]},
    {"__reduce__": ["os.system", ["touch ran"]], "__reduce_ex__": 4},
    {"py/object": "subprocess.Popen", "py/reduce": [{"py/function": "os.system"}, ["touch ran"]]},
    {"__type__": "json", "__class__": {"__name__": "Popen"}, "__init__": {"__globals__": {}}},
    {"$ref": "file:///etc/passwd", "$dynamicRef": "http://evil.test/", "$id": "http://evil.test/"},
    {"__proto__": {"admin": True}, "constructor": {"prototype": {"admin": True}}},
    {"type": "run.completed", "v": 1, "output": {"type": "lastMessage"}},
    {"sha256": "0" * 64, "size": 1, "blob": {"sha256": "0" * 64, "size": 1}},
    "!!python/object/apply:os.system [touch ran]",
    "cos\nsystem\n(S'touch ran'\ntR.",
    "gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjARsc5SFlFKULg==",
)
ODD = (
    *("\ud800", "a\udfffb", "\x00", "\u2028\u202e\ufeff", '"\\u0000\\ud83d"', "x" * 70_000),
    *(2**63, -(2**63) - 1, 2**64, 10**400, 1e308, -0.0, 5e-324),
    *({"\ud800": "\udfff"}, {"": {"": [None]}}, [[[[[["\ud83d"]]]]]]),
)
NUMBERS = (float("nan"), float("inf"), float("-inf"))
VALUES = (*POSING, *ODD, *NUMBERS, [*POSING, *ODD, *NUMBERS])
KEY_WORDS = ["lc", "type", "id", "$ref", "__reduce__", "__class__", "py/object", "kwargs", "blob"]
hostile = st.recursive(
    st.sampled_from([*ODD[:5], *NUMBERS, 2**63, 1e308, None, True]) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEY_WORDS) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def plain(value):
    """Return a value as JSON can hold it: what is half a sign is a question mark, what is no number is null."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float) and (value != value or value in NUMBERS):  # noqa: PLR0124
        return None
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def kinds(value):
    """Return the very types that a value is made of."""
    if type(value) is dict:
        return {dict} | {kind for pair in value.items() for one in pair for kind in kinds(one)}
    if type(value) is list:
        return {list} | {kind for one in value for kind in kinds(one)}
    return {type(value)}


DATA = {dict, list, str, int, float, bool, type(None)}
ANN = Actor(kind="person", name="ann")


def holding(value):
    """Return an event for every place where what others said is kept, and how to find it there again."""
    as_object = {"said": value}
    begun = created(agent(), params=as_object, prompt=json.dumps(value))
    decided = GateDecided(
        gate_id="g", verdict="answer", actor=ANN, answer=value, arguments=as_object
    )
    return (
        (OutputSet(value=value), lambda event: event.value),
        (begun, lambda event: event.subject.params["said"]),
        (decided, lambda event: event.answer),
        (decided, lambda event: event.arguments["said"]),
        (
            ToolCallCompleted(turn=1, call_id="c", tool="t", output=json_outputs(value)),
            lambda event: event.output[0].value,
        ),
    )


def kept_and_read(event):
    sealed, blob = seal(Recorded("r", 1, START, event), GENESIS)
    found = unseal(sealed).event
    return found if blob is None else with_blob(found, blob.content)


@given(hostile)
def test_langgraph_cve_2025_64439_whatever_is_stored_comes_back_as_the_data_it_was(value):
    for event, find in holding(value):
        found = find(kept_and_read(event))
        assert found == plain(value)
        assert kinds(found) <= DATA


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:40])
def test_langgraph_cve_2025_64439_nothing_that_is_stored_does_anything_when_it_is_read(value):
    before = set(sys.modules)
    with watched() as seen:
        for event, find in holding(value):
            assert kinds(find(kept_and_read(event))) <= DATA
    assert seen.happened == []
    assert {name for name in set(sys.modules) - before if not name.startswith("encodings")} == set()


@given(any_event(), st.data())
def test_langgraph_cve_2026_28277_an_altered_event_is_no_event_or_plain_data_of_a_known_kind(
    event, data
):
    fields = json.loads(seal(Recorded("r", 1, START, event), GENESIS)[0].body)
    name = data.draw(st.sampled_from([*fields, "lc", "__reduce__", "py/object"]))
    fields[name] = data.draw(st.sampled_from(POSING))
    with watched() as seen:
        try:
            found = unseal(Sealed("r", 1, json.dumps(fields).encode(), ""))
        except LogCorrupt:
            found = None
    assert seen.happened == []
    assert found is None or type(found.event) is type(event)


@pytest.mark.parametrize("value", POSING[:8], ids=lambda value: ascii(value)[:40])
def test_langchain_cve_2025_68664_a_run_that_handles_such_objects_hands_them_on_as_text(
    shell, model, value
):
    shell.agent(toolNames=["write_file", "read_files", "end_turn"])
    text = json.dumps(value)
    write = call("write_file", path="a.json", instructions="x", content=text)
    model.will(calls(write), calls(call("read_files", "c2", paths=["a.json"])), say(text))
    done = shell("run", "helper", text, "--json", "--run-id", "r")
    assert done.code == 0
    assert (shell.workspace / "a.json").read_text() == text
    assert done.events[-1]["output"]["value"] == text
    assert shell("runs", "show", "r", "--json").out == done.out
    assert shell("runs", "verify", "r").code == 0
    assert shell("runs", "export", "r").code == 0
    assert shell("verify", "r.callboard").code == 0
    assert CANARY not in done.out + (shell.workspace / "r.callboard").read_text()
    assert not (shell.workspace / "ran").exists()


ALTERED = {
    "other words": lambda body: body.replace("Go.", "No."),
    "an object": lambda body: body.replace('"Go."', json.dumps(json.dumps(POSING[0]))),
    "a right more": lambda body: body.replace('"end_turn"', '"end_turn","write_file"'),
    "no event": lambda body: body[:-1],
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
@pytest.mark.parametrize(
    "command",
    [("inbox", "decide", "r", "answer", "--answer", "a"), ("runs", "fork", "r", "--at", "2")],
    ids=["decision", "fork"],
)
def test_langgraph_cve_2026_28277_nothing_goes_on_from_a_log_that_was_altered(
    shell, model, change, command
):
    """A run waits for a person, and somebody writes into the database meanwhile."""
    shell.agent(toolNames=["ask_user", "end_turn"])
    asked = call("ask_user", questions=[{"question": "Go?", "options": ["a", "b"]}])
    model.will(calls(asked), say("Done."))
    shell("run", "helper", "Go.", "--run-id", "r")
    assert shell("runs", "list", "--json").json[0]["status"] == "waiting"
    before = len(model.received)
    with shell.database() as db:
        ((body,),) = db.execute("SELECT body FROM event WHERE run_id = 'r' AND seq = 1")
        text = body.decode() if isinstance(body, bytes) else body
        assert change(text) != text
        new = change(text)
        new = new.encode() if isinstance(body, bytes) else new
        db.execute("UPDATE event SET body = ? WHERE run_id = 'r' AND seq = 1", [new])
    refused = shell(*command)
    assert refused.code == 1
    assert "event 1" in refused.err
    assert len(model.received) == before
    assert shell("runs", "verify", "r").code == 1
