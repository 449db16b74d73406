import orjson
import pytest

from callboard.ports.tools import ArgumentsInvalid
from callboard.tools.catalog import built_in_tools

NAMES = (
    *("add_message", "add_subgoal", "apply_patch", "ask_user", "browser_logs", "code_search"),
    "compact_history",
    *("create_plan", "end_turn", "find_files", "glob", "list_directory", "lookup_agent_info"),
    *("propose_str_replace", "propose_write_file", "read_docs", "read_files", "read_subtree"),
    *("read_url", "run_file_change_hooks", "run_terminal_command", "set_messages", "set_output"),
    *("skill", "spawn_agent_inline", "spawn_agents", "str_replace", "suggest_followups"),
    *("task_completed", "think_deeply", "update_subgoal", "web_search", "write_file"),
    "write_todos",
)
CATALOG = built_in_tools()


def tool_named(name):
    tool = CATALOG.get(name)
    assert tool is not None
    return tool


def test_the_list_of_tools_is_the_reviewed_one():
    assert CATALOG.names() == NAMES
    assert CATALOG.get("eval") is None


@pytest.mark.parametrize("name", NAMES)
def test_every_tool_is_described_in_one_piece(name):
    spec = tool_named(name).spec
    assert spec.name == name
    assert len(spec.description) > 40
    assert spec.input_schema["type"] == "object"
    assert b"$ref" not in orjson.dumps(spec.input_schema)


def test_only_commands_are_unsafe_to_repeat():
    unsafe = [name for name in NAMES if tool_named(name).facts.retry_safety == "unsafe"]
    assert unsafe == ["run_file_change_hooks", "run_terminal_command"]


def test_writing_tools_run_alone_and_control_is_the_engine_s():
    access = {name: tool_named(name).facts.access for name in NAMES}
    assert [name for name, kind in access.items() if kind == "write"] == [
        *("apply_patch", "create_plan", "run_file_change_hooks", "run_terminal_command"),
        *("str_replace", "write_file"),
    ]
    assert access["spawn_agents"] == access["spawn_agent_inline"] == "spawn"
    assert access["ask_user"] == access["add_subgoal"] == "control"
    assert access["set_output"] == access["end_turn"] == "control"


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("read_files", {"paths": "a"}, {"paths": ["a"]}),
        ("read_files", {"paths": '["a", "b"]'}, {"paths": ["a", "b"]}),
        ("read_files", {"paths": '"[\\"a\\"]"'}, {"paths": ["a"]}),
        ("read_files", {"paths": ["a"], "other": 1}, {"paths": ["a"]}),
        ("set_output", {"a": {"b": [1]}}, {"a": {"b": [1]}}),
        ("set_output", {}, {}),
        ("end_turn", {"reason": "x"}, {}),
        (
            "write_file",
            {"file_path": "p", "content": {"a": 1}},
            {"path": "p", "instructions": "", "content": '{\n  "a": 1\n}'},
        ),
        (
            "run_terminal_command",
            {"command": "x", "timeout_seconds": "9999", "process_type": "background"},
            {"command": "x", "timeout_seconds": 600, "process_type": "BACKGROUND", "cwd": None},
        ),
        (
            "str_replace",
            {"path": "p", "old_string": "a", "new_string": "b"},
            {"path": "p", "replacements": [{"old": "a", "new": "b", "allowMultiple": False}]},
        ),
        (
            "str_replace",
            {
                "path": "p",
                "replacements": '{"oldString": "a", "newString": "", "replace_all": true}',
            },
            {"path": "p", "replacements": [{"old": "a", "new": "", "allowMultiple": True}]},
        ),
        (
            "str_replace",
            {"path": "p", "replacements": {"old_str": "a", "new_str": "b"}},
            {"path": "p", "replacements": [{"old": "a", "new": "b", "allowMultiple": False}]},
        ),
        (
            "ask_user",
            {"questions": {"question": "Which?", "options": ["a", {"label": "b"}]}},
            {
                "questions": [
                    {
                        "question": "Which?",
                        "header": None,
                        "options": [
                            {"label": "a", "description": None},
                            {"label": "b", "description": None},
                        ],
                        "multiSelect": False,
                        "validation": None,
                    }
                ]
            },
        ),
        (
            "apply_patch",
            {"type": "delete_file", "path": "a"},
            {"operation": {"type": "delete_file", "path": "a", "diff": None}, "path": "a"},
        ),
        (
            "suggest_followups",
            {"followups": '{"prompt": "Go on"}'},
            {"followups": [{"prompt": "Go on", "label": None}]},
        ),
        (
            "read_url",
            {"url": "https://a.b", "max_chars": 9**9},
            {"url": "https://a.b", "max_chars": 50_000},
        ),
        ("update_subgoal", {"id": 1}, {"id": "1", "status": None, "plan": None, "log": None}),
        (
            "spawn_agents",
            {"agents": '[{"agent_type": "a", "params": "{\\"n\\": 1}"}]'},
            {"agents": [{"agent_type": "a", "prompt": None, "params": {"n": 1}}]},
        ),
    ],
)
def test_sloppy_arguments_are_repaired_and_repaired_ones_stay(name, given, wanted):
    tool = tool_named(name)
    assert tool.normalise(given) == wanted
    assert tool.normalise(wanted) == wanted


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("read_files", {}, ["paths: Field required", "Allowed: paths (list"]),
        ("write_file", {"path": "", "content": "x"}, ["path:", 'found ""']),
        ("add_message", {"role": "system", "content": ""}, ["role:", "'user' or 'assistant'"]),
        ("run_terminal_command", {"command": "x", "timeout_seconds": -2}, ["above 0", "found -2"]),
        ("code_search", {"pattern": "x", "flags": "--pre=sh"}, ["--pre is not allowed", "--glob"]),
        ("str_replace", {"path": "p", "replacements": []}, ["replacements:", "at least 1"]),
        ("write_todos", {"todos": [{"task": "a"}]}, ["todos.0.completed: Field required"]),
        ("add_subgoal", {"id": "a", "objective": "b", "status": "DONE"}, ["status:", "'COMPLETE'"]),
        (
            "ask_user",
            {"questions": [{"question": "?", "header": "x" * 19, "options": ["a"]}]},
            ["questions.0.header:", "at most 18"],
        ),
        ("ask_user", {"questions": [{"question": "?", "options": []}]}, ["options:", "at least 1"]),
        (
            "ask_user",
            {
                "questions": [
                    {
                        "question": "?",
                        "options": ["a"],
                        "validation": {"minLength": 3, "maxLength": 2},
                    }
                ]
            },
            ["minLength is greater than maxLength"],
        ),
        (
            "apply_patch",
            {"operation": {"type": "update_file", "path": "a"}},
            ["operation: diff is required for update_file"],
        ),
        ("read_url", {"url": "file:///etc/passwd"}, ["url: must be a complete URL"]),
        ("read_url", {"url": "https://ann:secret@a.b/"}, ["must not hold a user name"]),
        ("browser_logs", {"url": "javascript:1"}, ["url: must be a complete URL"]),
    ],
)
def test_refusals_name_the_field_the_value_and_what_is_allowed(name, given, said):
    with pytest.raises(ArgumentsInvalid) as refused:
        tool_named(name).normalise(given)
    for text in said:
        assert text in str(refused.value)
    assert "pydantic" not in str(refused.value)
