"""The form of an agent: a definition as fields, and fields as the definition that a file would hold.

What the form has no field of its own for (schemas, programs, tool servers) is kept as it was, in the words of the
language, in the field for everything else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import yaml

from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid
from callboard.usecases.written_agents import written_value
from callboard.web.forms import Fields, Typed

TEXTS: Final = {
    "displayName": "display_name",
    "model": "model",
    "provider": "provider",
    "baseUrl": "base_url",
    "credential": "credential",
    "spawnerPrompt": "spawner_prompt",
    "systemPrompt": "system_prompt",
    "instructionsPrompt": "instructions_prompt",
    "stepPrompt": "step_prompt",
}
"""Fields of the language that are one text, and what they are called in the form."""
_NEEDED: Final = ("displayName", "model")
_LIMITS: Final = {"turns": "turns", "costUsd": "cost", "wallTimeS": "wall_time", "depth": "depth"}
_LISTED: Final = {"skills": "skills", "spawnableAgents": "spawnable"}
_OWN: Final = frozenset(
    {*TEXTS, *_LISTED, "id", "toolNames", "permissions", "limits", "publisher", "version"}
)
MODES: Final = (
    ("", "may not use it"),
    ("allow", "may use it"),
    ("ask", "asks first"),
    ("deny", "has it, and is denied"),
)
FIELDS: Final = (
    "id",
    *TEXTS.values(),
    *_LISTED.values(),
    *_LIMITS.values(),
    "rules",
    "more",
    "note",
)


@dataclass(frozen=True, slots=True)
class ToolMode:
    """A tool, and what an agent may do with it: one of `MODES`."""

    name: str
    mode: str


@dataclass(frozen=True, slots=True)
class AgentForm:
    """A definition as the form shows it."""

    typed: Typed = field(default_factory=Typed)
    tools: Sequence[ToolMode] = ()


def form_of(definition: AgentDefinition, tools: Sequence[str]) -> AgentForm:
    """Return a definition as a form; `tools` are those that there are."""
    raw = definition.to_json()
    shown = {"id": definition.id}
    shown |= {name: _text(raw.get(key)) for key, name in TEXTS.items()}
    shown["skills"] = ", ".join(definition.skills)
    shown["spawnable"] = "\n".join(definition.spawnable_agents)
    limits = cast("Mapping[str, object]", raw.get("limits") or {})
    shown |= {name: _text(limits.get(key)) for key, name in _LIMITS.items()}
    simple, rules = _rules(raw.get("permissions"), definition.tool_names)
    shown["rules"] = _yaml(rules) if rules else ""
    blank = AgentDefinition(id="a", display_name="a", model="a").to_json()
    rest = {key: value for key, value in raw.items() if key not in _OWN and value != blank.get(key)}
    shown["more"] = _yaml(rest) if rest else ""
    every = dict.fromkeys((*definition.tool_names, *sorted(tools)))
    modes = [
        ToolMode(name, simple.get(name, "allow") if name in definition.tool_names else "")
        for name in every
    ]
    return AgentForm(Typed(shown), modes)


def typed_form(fields: Fields, tools: Sequence[str]) -> AgentForm:
    """Return what somebody typed as a form again; tools that are not there any more too."""
    typed = (name[5:] for name in fields.values if name.startswith("tool."))
    names = dict.fromkeys((*typed, *sorted(tools)))
    modes = [ToolMode(name, fields.text(f"tool.{name}")) for name in names if name]
    return AgentForm(fields.kept(*FIELDS), modes)


def raw_of(fields: Fields, agent_id: str) -> dict[str, object]:
    """Return what was typed as a definition in plain values, to be checked.

    Raises:
        DefinitionInvalid: a field that holds YAML cannot be read.
        ConfigurationInvalid: it does not hold what belongs there.
    """
    raw: dict[str, object] = dict(_more(fields))
    taken = sorted(raw.keys() & _OWN)
    if taken:
        raise ConfigurationInvalid(
            f"everything else: {', '.join(taken)} has a field of its own in this form; use that"
        )
    raw["id"] = agent_id
    for key, name in TEXTS.items():
        text = fields.raw(name)
        text = text if key.endswith("Prompt") else text.strip()  # a prompt is kept as it was typed
        if text or key in _NEEDED:
            raw[key] = text
    raw["skills"] = [one.strip() for one in fields.text("skills").split(",") if one.strip()]
    raw["spawnableAgents"] = list(fields.lines("spawnable"))
    limits = {key: _number(fields.text(name)) for key, name in _LIMITS.items() if fields.text(name)}
    if limits:
        raw["limits"] = limits
    raw["toolNames"], raw["permissions"] = _tools(fields)
    return raw


def _tools(fields: Fields) -> tuple[list[str], list[object]]:
    modes = {name[5:]: fields.text(name) for name in fields.values if name.startswith("tool.")}
    names = [name for name, mode in modes.items() if mode]
    simple: list[object] = [
        {"effect": mode, "tool": name} for name, mode in modes.items() if mode in ("ask", "deny")
    ]
    rules = written_value(fields.raw("rules"), "rules")
    if rules is not None and not isinstance(rules, list):
        raise ConfigurationInvalid("rules: write a list, each with effect, tool and arguments")
    return names, [*simple, *cast("list[object]", rules or [])]


def _rules(permissions: object, tools: Sequence[str]) -> tuple[dict[str, str], list[object]]:
    """Return the rules that are no more than a tool's mode, and the others. Only those before all others, in the
    order of the tools, are modes: so an unchanged form is an unchanged definition.
    """
    simple: dict[str, str] = {}
    others: list[object] = []
    left = list(tools)
    for rule in cast("list[Mapping[str, object]]", permissions or []):
        said = {key: value for key, value in rule.items() if value not in (None, "", {}, [], ())}
        tool, effect = str(said.get("tool")), str(said.get("effect"))
        is_mode = said.keys() == {"tool", "effect"} and effect in ("ask", "deny") and tool in left
        if is_mode and not others:
            simple[tool] = effect
            left = left[left.index(tool) + 1 :]
        else:
            others.append(said)
    return simple, others


def _more(fields: Fields) -> Mapping[str, object]:
    found = written_value(fields.raw("more"), "everything else")
    if found is not None and not isinstance(found, dict):
        raise ConfigurationInvalid("everything else: write fields of the language as `name: value`")
    return cast("dict[str, object]", found or {})


def _number(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _yaml(value: object) -> str:
    alone = json.loads(json.dumps(value))  # nothing in it is shared, so nothing is an alias
    return yaml.safe_dump(alone, sort_keys=False, allow_unicode=True, width=100)
