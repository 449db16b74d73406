"""The form of an agent: a definition goes through it unchanged, and what is typed becomes a definition or a refusal."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callboard.definitions.check import check_definition
from callboard.definitions.findings import Findings
from callboard.definitions.role_templates import role_templates
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, DefinitionInvalid
from callboard.tools.catalog import built_in_tools
from callboard.web.agent_form import AgentForm, form_of, raw_of
from callboard.web.forms import Fields

TOOLS = sorted(built_in_tools().names())


def sent(form: AgentForm) -> Fields:
    """What a browser sends of a form that nobody touched."""
    fields = {name: (value.replace("\n", "\r\n"),) for name, value in form.typed.items()}
    return Fields(fields | {f"tool.{tool.name}": (tool.mode,) for tool in form.tools})


def checked(raw: object, tools=TOOLS) -> AgentDefinition:
    findings = Findings("definition")
    definition = check_definition(raw, tools, findings)
    assert definition is not None, findings.problems
    return definition


@pytest.mark.parametrize("template", role_templates(TOOLS), ids=lambda one: one.definition.id)
def test_a_form_that_nobody_touched_is_the_same_definition(template):
    definition = template.definition.model_copy(update={"publisher": None, "version": None})
    again = checked(raw_of(sent(form_of(definition, TOOLS)), definition.id))
    assert again.digest == definition.digest


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "effect": st.sampled_from(["allow", "ask", "deny"]),
            "tool": st.sampled_from([*TOOLS[:4], "read_*"]),
        },
        optional={"arguments": st.just({"path": "src/**"}), "reason": st.just("why: because")},
    ),
    max_size=5,
)


@settings(deadline=None)
@example([], [], " ")
@given(
    RULES,
    st.lists(st.sampled_from(TOOLS), unique=True, max_size=5),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60),
)
def test_rules_tools_and_texts_come_back_as_they_were(rules, tools, text):
    raw = {
        "id": "a",
        "displayName": "A",
        "model": "acme/large",
        "toolNames": tools,
        "permissions": rules,
        "systemPrompt": text,
        "outputMode": "structured_output",
        "outputSchema": {"type": "object", "properties": {"on": {"enum": ["yes", "1:30", None]}}},
        "limits": {"turns": 3, "costUsd": 0.5},
    }
    definition = AgentDefinition.model_validate(raw)
    found = AgentDefinition.model_validate(raw_of(sent(form_of(definition, TOOLS)), "a"))
    assert found == definition


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"more": "a: [1"}, "everything else"),
        ({"more": "- a"}, "name: value"),
        ({"more": "systemPrompt: x"}, "has a field of its own"),
        ({"more": "id: other"}, "has a field of its own"),
        ({"rules": "effect: ask"}, "write a list"),
        ({"rules": "&a [*a]"}, "rules"),
        ({"rules": "!!python/object/apply:os.system [id]"}, "rules"),
        ({"rules": "[" * 5_000}, "rules"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_field(fields, said):
    with pytest.raises((ConfigurationInvalid, DefinitionInvalid), match=said):
        raw_of(Fields({name: (value,) for name, value in fields.items()}), "a")
