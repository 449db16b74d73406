"""Options of a request: how much to think, how long the answer may be, which providers to route to."""

import json
from dataclasses import replace
from typing import Any

import pytest

from callboard.domain.definition.agent import ReasoningOptions
from callboard.ports.model import ModelRequest
from callboard.providers.chat import encode as chat
from callboard.providers.chat.dialect import COMPATIBLE, OPENAI, OPENROUTER, Dialect
from callboard.providers.gemini.model_facts import thinking_config
from callboard.providers.messages.model_facts import limits_and_thinking
from callboard.providers.wire.encoded_history import EncodedHistory
from callboard.providers.wire.tool_bytes import ToolBytes
from callboard.testing.model.contract import ask


def chat_body(request: ModelRequest, dialect: Dialect = OPENROUTER) -> bytes:
    tools = ToolBytes(chat.encode_tools).of(request.tools)
    return chat.encode(request, "vendor/model", dialect, EncodedHistory(), tools)


def options(dialect: Dialect, **reasoning: Any) -> Any:
    request = replace(ask(model="m"), reasoning=ReasoningOptions(**reasoning))
    return json.loads(chat_body(request, dialect))


def test_openrouter_takes_the_reasoning_options_as_they_are():
    assert options(OPENROUTER, enabled=True)["reasoning"] == {"enabled": True}
    assert options(OPENROUTER, enabled=True, effort="high")["reasoning"] == {"effort": "high"}
    assert options(OPENROUTER, enabled=True, max_tokens=99)["reasoning"] == {"max_tokens": 99}
    hidden = options(OPENROUTER, effort="low", exclude=True)["reasoning"]
    assert hidden == {"effort": "low", "exclude": True}
    assert "reasoning" not in json.loads(chat_body(ask(model="m")))


def test_openai_takes_an_effort():
    assert options(OPENAI, effort="minimal")["reasoning_effort"] == "minimal"
    assert options(COMPATIBLE, max_tokens=10_000)["reasoning_effort"] == "high"
    assert "reasoning_effort" not in options(OPENAI, enabled=True)


def test_each_chat_dialect_has_its_own_fields():
    request = replace(ask(model="m"), provider_options={"order": ["x"]}, max_output_tokens=77)
    router = json.loads(chat_body(request))
    assert (router["usage"], router["provider"]) == ({"include": True}, {"order": ["x"]})
    assert router["max_tokens"] == 77
    openai = json.loads(chat_body(request, OPENAI))
    assert openai["stream_options"] == {"include_usage": True}
    assert (openai["max_completion_tokens"], "provider" in openai) == (77, False)


@pytest.mark.parametrize(
    ("model", "reasoning", "limit", "expected"),
    [
        ("claude-sonnet-4-5", {"max_tokens": 4000}, None, {"type": "enabled", "budget_tokens": 4000}),
        ("claude-opus-4-1-20250805", {"effort": "low"}, None, {"type": "enabled", "budget_tokens": 2048}),
        ("claude-haiku-4-5", {"enabled": True}, 5000, {"type": "enabled", "budget_tokens": 4999}),
        ("claude-haiku-4-5", {"enabled": True}, 1000, None),
        ("claude-opus-4-6", {"enabled": True}, None, {"type": "adaptive", "display": "summarized"}),
        ("claude-opus-5", {"enabled": True, "exclude": True}, None, {"type": "adaptive", "display": "omitted"}),
        ("claude-opus-5", {"effort": "none"}, None, {"type": "disabled"}),
        ("claude-opus-5", {"enabled": False}, None, None),
    ],
)  # fmt: skip
def test_anthropics_thinking(model, reasoning, limit, expected):
    encoded: Any = limits_and_thinking(model, limit, ReasoningOptions(**reasoning))
    assert encoded.get("thinking") == expected
    assert encoded["max_tokens"] > (expected or {}).get("budget_tokens", 0)


def test_anthropics_effort_is_part_of_the_output_config():
    options = limits_and_thinking("claude-opus-5", None, ReasoningOptions(effort="xhigh"))
    assert options["output_config"] == {"effort": "xhigh"}


@pytest.mark.parametrize(
    ("model", "reasoning", "expected"),
    [
        ("gemini-2.5-flash", {"effort": "none"}, {"includeThoughts": False, "thinkingBudget": 0}),
        ("gemini-2.5-pro", {"effort": "none"}, {"includeThoughts": False, "thinkingBudget": 128}),
        ("gemini-2.5-pro", {"enabled": True}, {"includeThoughts": True, "thinkingBudget": -1}),
        ("gemini-3-pro", {"effort": "xhigh"}, {"includeThoughts": True, "thinkingLevel": "high"}),
        ("gemini-3-pro", {"enabled": True, "exclude": True}, {"includeThoughts": False}),
    ],
)
def test_geminis_thinking(model, reasoning, expected):
    assert thinking_config(model, ReasoningOptions(**reasoning)) == expected
