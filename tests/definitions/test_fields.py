"""What a definition may hold, and what is said where it may not."""

import json

import pytest

from .desk import TOOLS, agent, only, shown


def test_the_smallest_definition_gets_the_languages_defaults(desk):
    definition = only(desk.check())
    assert definition.tool_names == ("end_turn",)
    assert definition.output_mode == "last_message"
    assert (definition.system_prompt, definition.spawnable_agents) == ("", ())


def test_both_spellings_of_a_field_mean_the_same(desk):
    camel = only(desk.check(toolNames=["read_files"], limits={"costUsd": 1, "wallTimeS": 9}))
    raw = {
        "id": "a",
        "display_name": "A",
        "model": "scripted/x",
        "tool_names": ["read_files"],
        "limits": {"cost_usd": 1, "wall_time_s": 9},
    }
    assert only(desk.read("b.json", json.dumps(raw))) == camel


def test_one_field_in_both_spellings_is_a_problem(desk):
    (problem,) = desk.problems(display_name="B")
    assert "displayName and as display_name" in problem


def test_every_problem_is_reported_at_once_in_the_files_own_spelling(desk):
    raw = {
        "id": "Not Valid",
        "display_name": 7,
        "tool_names": ["read_file", "end_turn"],
        "limits": {"turns": 0, "cost_usd": True, "turn": 4},
        "permissions": [{"effect": "allow", "tool": "x"}, {"effect": "permit", "tool": 1}],
        "output_schema": {"type": "array"},
        "systemPromt": "x",
    }
    fields = {problem.field for problem in desk.read("a.json", json.dumps(raw)).problems}
    assert fields == {
        "id",
        "display_name",
        "model",
        "tool_names[0]",
        "limits.turns",
        "limits.cost_usd",
        "limits.turn",
        "permissions[1].effect",
        "permissions[1].tool",
        "output_schema.type",
        "outputMode",
        "systemPromt",
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"id": "has_underscore"},
            "id: must be lowercase letters, digits and hyphens, found the text",
        ),
        ({"id": 7}, "id: must be text, found the number 7; put it in quotes"),
        ({"model": None}, "model: is missing"),
        ({"model": ""}, "model: must say something, found the text"),
        ({"displayName": " \n"}, "displayName: must say something, found the text"),
        ({"skills": ["python", " "]}, "skills[1]: must say something, found the text"),
        ({"credential": ""}, "credential: must say something, found the text"),
        ({"systemPromt": "x"}, "systemPromt: is not a field; did you mean 'systemPrompt'?"),
        ({"zzz": 1}, "zzz: is not a field"),
        ({"tools": []}, "tools: is not a field; use toolNames"),
        ({"prompt": "x"}, "prompt: is not a field; use instructionsPrompt"),
        ({"outputMode": "json"}, "outputMode: must be one of 'last_message', 'all_messages'"),
        (
            {"includeMessageHistory": "yes"},
            "includeMessageHistory: must be true or false, found the text",
        ),
        ({"toolNames": "end_turn"}, "toolNames: must be a list, found the text"),
        ({"toolNames": [1]}, "toolNames[0]: must be text, found the number 1"),
        ({"limits": {"turns": -1}}, "limits.turns: must be more than 0, found the number -1"),
        ({"limits": {"turns": 1.5}}, "limits.turns: must be a whole number"),
        ({"limits": {"costUsd": -1}}, "limits.costUsd: must be an amount in US dollars"),
        ({"limits": {"costUsd": "free"}}, "limits.costUsd: must be an amount in US dollars"),
        ({"limits": {"costUsd": 1e300}}, "limits.costUsd: must be an amount in US dollars"),
        ({"reasoningOptions": {"effort": "huge"}}, "reasoningOptions.effort: must be one of"),
        ({"reasoningOptions": True}, "reasoningOptions: must be an object"),
        ({"systemPrompt": "a\x00b"}, "systemPrompt: holds a NUL"),
        ({"systemPrompt": "a\ud800b"}, "systemPrompt: holds a NUL or a lone surrogate"),
    ],
)
def test_a_wrong_field_says_what_was_found_and_what_is_allowed(desk, fields, message):
    (problem,) = desk.problems(**fields)
    assert problem.startswith(message)


def test_null_means_not_given(desk):
    fields = {"version": None, "outputSchema": None, "limits": {"turns": None}, "toolNames": None}
    assert only(desk.check(**fields)) == only(desk.check())


@pytest.mark.parametrize(
    "options",
    [{"enabled": True}, {"effort": "high"}, {"max_tokens": 5}, {"enabled": True, "exclude": False}],
)
def test_reasoning_options_need_no_effort(desk, options):
    assert only(desk.check(reasoningOptions=options)).reasoning_options is not None


def test_fields_of_later_languages_are_tolerated_with_a_warning(desk):
    catalogue = desk.check(completionCheck=True, parentInstructions={})
    assert shown(catalogue) == []
    assert {warning.field for warning in catalogue.warnings} == {
        "completionCheck",
        "parentInstructions",
    }


@pytest.mark.parametrize("wish", [True, False, {"cacheExpiryMs": 60_000, "maxContextLength": 9}])
def test_compaction_is_wished_for_by_a_word_or_in_detail(desk, wish):
    assert (
        desk.check(compactContext=wish, windowedFileReads=True, textToolCalls=True).warnings == ()
    )
    (problem,) = desk.problems(compactContext={"maxContext": 3})
    assert "compactContext.maxContext: is not known here" in problem


def test_all_tools_of_the_language_load_and_those_not_built_yet_are_named(desk):
    seed = [
        "add_subgoal",
        "browser_logs",
        "code_search",
        "create_plan",
        "end_turn",
        "find_files",
        "read_docs",
        "read_files",
        "run_file_change_hooks",
        "run_terminal_command",
        "spawn_agents",
        "str_replace",
        "think_deeply",
        "update_subgoal",
        "web_search",
        "write_file",
        "set_output",
    ]
    catalogue = desk.check(toolNames=seed)
    only(catalogue)
    assert len(catalogue.warnings) == len(set(seed) - set(TOOLS))


def test_an_unknown_tool_is_a_problem_with_the_nearest_one(desk):
    (problem,) = desk.problems(toolNames=["end_turn", "read_file"])
    assert (
        problem == "toolNames[1]: the text \"read_file\" is not a tool; did you mean 'read_files'?"
    )


@pytest.mark.parametrize("name", ["github/create_issue", "github__create_issue"])
def test_a_servers_tools_are_allowed_where_the_server_is(desk, name):
    servers = {"github": {"command": "github-mcp", "args": ["--stdio"]}}
    assert only(desk.check(toolNames=[name], mcpServers=servers)).tool_names == (name,)
    assert "does not have" in desk.problems(toolNames=[name])[0]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"command": "x", "url": "https://x"}, "mcpServers.s"),
        ({}, "mcpServers.s"),
        ("x", "mcpServers.s"),
        ({"command": "x", "args": "y"}, "mcpServers.s.args"),
        ({"url": "ftp://x"}, "mcpServers.s.url"),
        ({"url": "https://x", "header": {}}, "mcpServers.s.header"),
        ({"command": "x", "env": {"A": 1}}, "mcpServers.s.env.A"),
    ],
)
def test_a_server_is_a_command_or_a_url(desk, config, field):
    (problem,) = desk.check(mcpServers={"s": config}).problems
    assert problem.field == field


def test_an_output_schema_needs_structured_output(desk):
    (problem,) = desk.problems(outputSchema={"type": "object"})
    assert problem.startswith("outputMode: must be structured_output")


def test_structured_output_needs_neither_a_schema_nor_set_output(desk):
    catalogue = desk.check(outputMode="structured_output")
    only(catalogue)
    assert [warning.field for warning in catalogue.warnings] == ["toolNames"]


def test_set_output_is_allowed_with_every_output_mode(desk):
    only(desk.check(toolNames=["set_output"]))


@pytest.mark.parametrize(
    "way",
    [
        {"toolNames": ["spawn_agents"]},
        {"toolNames": ["spawn_agent_inline"]},
        {"handleSteps": "function* ({prompt}) { yield 'STEP' }"},
    ],
)
def test_spawnable_agents_need_a_way_to_spawn(desk, way):
    only(desk.check(spawnableAgents=["codebuff/researcher@0.0.1", "mine"], **way))
    assert desk.problems(spawnableAgents=["mine"])[0].startswith(
        "toolNames: must hold spawn_agents"
    )


@pytest.mark.parametrize("reference", ["a/b/c", "/x", "", "x/"])
def test_a_spawnable_agent_is_a_reference(desk, reference):
    problems = desk.problems(spawnableAgents=[reference], toolNames=["spawn_agents"])
    assert problems[0].startswith("spawnableAgents[0]: must be id, publisher/id")


def test_an_inherited_system_prompt_excludes_an_own_one(desk):
    only(desk.check(inheritParentSystemPrompt=True, systemPrompt="  \n"))
    (problem,) = desk.problems(inheritParentSystemPrompt=True, systemPrompt="x")
    assert problem.startswith("systemPrompt: cannot be given together")


@pytest.mark.parametrize(
    "steps", ["() => {}", "function () {}", "def f():\n  return 1", "x = 1", "def"]
)
def test_handle_steps_must_be_a_generator(desk, steps):
    (problem,) = desk.problems(handleSteps=steps)
    assert problem.startswith("handleSteps: must be a generator")


@pytest.mark.parametrize(
    "steps",
    [
        "function* () { yield { toolName: 'glob', input: {} }; yield { toolName: 'end_turn' } }",
        'def handle_steps(ctx):\n    yield {"toolName": "glob", "input": {}}',
        'def handle_steps(ctx):\n    yield ToolCall(tool_name="glob")',
    ],
)
def test_tools_that_handle_steps_calls_without_having_them_are_listed(desk, steps):
    (missing,) = desk.check(handleSteps=steps).warnings
    assert missing.field == "toolNames"
    assert missing.message == "must hold what handleSteps calls: glob"
    assert len(desk.check(handleSteps=steps, toolNames=["glob"]).warnings) == 0


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"params": {"type": "string"}}, "inputSchema.params.type"),
        ({"prompt": {"type": "object"}}, "inputSchema.prompt.type"),
        (
            {"params": {"type": "object", "properties": {"x": {"type": "strin"}}}},
            "inputSchema.params",
        ),
        ({"param": {}}, "inputSchema.param"),
    ],
)
def test_input_schemas_are_checked(desk, schema, field):
    (problem,) = desk.check(inputSchema=schema).problems
    assert problem.field == field


def test_far_too_many_tools_are_one_problem(desk):
    (problem,) = desk.problems(toolNames=["nonsense"] * 50_000)
    assert problem.startswith("toolNames: has 50000 entries")


def test_a_name_in_another_script_is_shown_escaped(desk):
    (problem,) = desk.problems(toolNames=["end_turn\N{RIGHT-TO-LEFT OVERRIDE}"])
    assert "\\u202e" in problem


def test_the_normalised_form_reads_back_as_the_same_definition(desk):
    definition = only(
        desk.check(
            toolNames=["spawn_agents", "set_output"],
            outputMode="structured_output",
            outputSchema={"type": "object", "properties": {"score": {"type": "number"}}},
            limits={"turns": 3, "costUsd": 0.1},
            permissions=[{"effect": "deny", "tool": "*", "arguments": {"path": "**/x"}}],
            reasoningOptions={"enabled": True, "max_tokens": 10},
        )
    )
    again = only(desk.read("again.json", json.dumps(definition.to_json())))
    assert (again, again.digest) == (definition, definition.digest)


def test_a_definition_is_an_object(desk):
    (problem,) = shown(desk.read("a.json", json.dumps([agent()])))
    assert "must be an object" in problem
