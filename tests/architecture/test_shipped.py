"""What comes with the product and with its environment: reviewed lists."""

import sysconfig
from importlib.metadata import distribution
from pathlib import Path

from callboard.definitions.registry import TEMPLATES
from callboard.definitions.workflows import shipped_workflows
from callboard.tools.catalog import built_in_tools

from .sources import PACKAGE

# name: (access, retry safety). A tool that changes its mind here changes what a crash may repeat.
TOOLS = {
    "add_message": ("control", "pure"),
    "add_subgoal": ("control", "pure"),
    "apply_patch": ("write", "idempotent"),
    "ask_user": ("control", "pure"),
    "browser_logs": ("read", "pure"),
    "code_search": ("read", "pure"),
    "compact_history": ("control", "pure"),
    "create_plan": ("write", "idempotent"),
    "end_turn": ("control", "pure"),
    "find_files": ("read", "pure"),
    "glob": ("read", "pure"),
    "list_directory": ("read", "pure"),
    "lookup_agent_info": ("read", "pure"),
    "propose_str_replace": ("read", "pure"),
    "propose_write_file": ("read", "pure"),
    "read_docs": ("read", "pure"),
    "read_files": ("read", "pure"),
    "read_subtree": ("read", "pure"),
    "read_url": ("read", "pure"),
    "run_file_change_hooks": ("write", "unsafe"),
    "run_terminal_command": ("write", "unsafe"),
    "set_messages": ("control", "pure"),
    "set_output": ("control", "pure"),
    "skill": ("read", "pure"),
    "spawn_agent_inline": ("spawn", "idempotent"),
    "spawn_agents": ("spawn", "idempotent"),
    "str_replace": ("write", "idempotent"),
    "suggest_followups": ("control", "pure"),
    "task_completed": ("control", "pure"),
    "think_deeply": ("control", "pure"),
    "update_subgoal": ("control", "pure"),
    "web_search": ("read", "pure"),
    "write_file": ("write", "idempotent"),
    "write_todos": ("control", "pure"),
}

# Python runs the `import` lines of these files whenever it starts: nothing may appear unnoticed.
PATH_FILES = {"_editable_impl_callboard.pth", "distutils-precedence.pth", "a1_coverage.pth"}


def test_the_shipped_tools_are_the_reviewed_ones():
    catalog = built_in_tools()
    tools = {name: catalog.get(name) for name in catalog.names()}
    assert {
        name: (tool.facts.access, tool.facts.retry_safety)
        for name, tool in tools.items()
        if tool is not None
    } == TOOLS


def test_every_tool_is_a_folder_with_a_text_that_the_model_reads():
    folders = {path.parent.name for path in (PACKAGE / "tools").glob("*/tool.py")}
    described = {path.parent.name for path in (PACKAGE / "tools").glob("*/tool.md")}
    assert folders == described == set(TOOLS)


def test_every_tool_describes_each_of_its_arguments_with_a_type():
    for name in TOOLS:
        tool = built_in_tools().get(name)
        assert tool is not None
        schema = tool.spec.input_schema
        assert schema["type"] == "object", name
        assert tool.spec.description, name
        assert "$ref" not in str(schema), name


def test_the_shipped_agents_and_workflows_are_the_reviewed_ones():
    assert {path.stem for path in TEMPLATES.glob("*")} == {
        "base",
        "code-reviewer",
        "context-pruner",
        "design-reviewer",
        "documentation-writer",
        "file-picker",
        "implementer",
        "planner",
        "researcher",
        "reviewer",
        "security-reviewer",
        "test-writer",
        "thinker",
        "triager",
    }
    assert shipped_workflows() == (
        "bug-fix",
        "documentation",
        "implement-review-deploy",
        "implement-review-sign-off",
        "review-only",
        "security-sensitive-change",
    )


def test_files_that_run_code_when_python_starts_are_the_reviewed_ones():
    site = Path(sysconfig.get_path("purelib"))
    assert {path.name for path in site.glob("*.pth")} <= PATH_FILES


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()


def test_the_distribution_installs_one_command_and_names_its_licence():
    installed = distribution("callboard")
    assert [(point.name, point.group) for point in installed.entry_points] == [
        ("callboard", "console_scripts")
    ]
    assert installed.metadata["License-Expression"] == "Apache-2.0"
