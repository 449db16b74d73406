import json
import subprocess
import sys

import pytest

from tests.cli.shell import COMMAND, TIMEOUT_S, say


def test_validate_reports_every_problem_with_file_field_and_message(bare):
    bare.agent("good")
    bare.agent("bad", toolNames=["read_fils"], outputMode="sometimes", maxTurns=3)
    done = bare("agents", "validate", "--json")
    assert done.code == 2
    assert done.json
    for problem in done.json:
        assert problem.keys() == {"file", "field", "message"}
        assert problem["file"].endswith("bad.yaml")
        assert problem["message"]
    fields = {problem["field"] for problem in done.json}
    assert {"toolNames[0]", "outputMode", "maxTurns"} <= fields
    plain = bare("agents", "validate", ".agents/bad.yaml", ".agents/good.yaml")
    assert plain.code == 2
    assert "read_files" in plain.out  # the nearest known name
    good = bare("agents", "validate", ".agents/good.yaml", "--json")
    assert (good.code, good.json) == (0, [])
    missing = bare("agents", "validate", "nowhere")
    assert (missing.code, missing.out) == (2, "")


def test_agents_show_prints_the_normalised_definition_in_camel_case(bare):
    bare.agent(toolNames=["end_turn"], inputSchema={"prompt": {"type": "string"}}, skills=["a"])
    shown = bare("agents", "show", "helper", "--json").json
    assert shown["displayName"] == "Helper"
    assert shown["toolNames"] == ["end_turn"]
    assert shown["outputMode"] == "last_message"
    assert shown["includeMessageHistory"] is False
    assert {"spawnableAgents", "systemPrompt", "instructionsPrompt", "stepPrompt"} <= shown.keys()
    text = bare("agents", "show", "helper")
    assert "displayName" in text.out
    unknown = bare("agents", "show", "nobody", "--json")
    assert (unknown.code, unknown.out) == (2, "")
    assert "helper" in unknown.err


def test_agents_list_shows_files_of_every_format_and_the_built_in_ones(bare):
    folder = bare.workspace / ".agents"
    bare.agent("from-yaml")
    fields = {"displayName": "X", "model": "a/b"}
    (folder / "from-json.json").write_text(json.dumps({"id": "from-json", **fields}))
    (folder / "from-yml.yml").write_text("id: from-yml\ndisplayName: X\nmodel: a/b\n")
    front = "---\nid: from-md\ndisplayName: X\nmodel: a/b\n---\nYou are markdown.\n"
    (folder / "from-md.md").write_text(front)
    made = "Agent(id='from-py', display_name='X', model='a/b')"
    python = f"from callboard import Agent\n\ndefinition = {made}\n"
    (folder / "from_py.py").write_text(python)
    exec(python, {})
    found = {agent["id"]: agent for agent in bare("agents", "list", "--json").json}
    assert {"from-yaml", "from-json", "from-yml", "from-md", "from-py", "implementer"} <= set(found)
    assert found["from-md"]["displayName"] == "X"
    shown = bare("agents", "show", "from-md", "--json").json
    assert shown["systemPrompt"].strip() == "You are markdown."
    header, *rows = bare("agents", "list").out.splitlines()
    assert header.split() == ["AGENT", "NAME", "MODEL", "WHERE"]
    assert {row.index(row.split()[-1]) for row in rows if "built" not in row} == {
        header.index("WHERE")
    }


def test_init_scaffolds_an_example_that_validates_and_runs_and_overwrites_nothing(shell, model):
    folder = shell.workspace / ".agents"
    folder.mkdir()
    (folder / "README.md").write_text("mine")
    made = shell("init")
    assert made.code == 0
    assert (folder / "README.md").read_text() == "mine"
    assert ".agents/repo-guide.yaml" in made.out
    assert shell("agents", "validate").code == 0
    again = shell("init", shell.workspace, "--json")
    assert (again.code, again.json["written"]) == (0, [])
    model.will(say("At the front door."))
    done = shell("run", "repo-guide", "Where do I start?")
    assert (done.code, done.out) == (0, "At the front door.\n")
    model.will(say("Haiku."))
    assert shell("run", "haiku-reviewer", "Review").out == "Haiku.\n"


def test_the_version_and_the_help_are_on_stdout(bare):
    assert bare("--version").out.startswith("callboard 0.")
    for words in ((), ("runs",), ("agents",), ("inbox",)):
        helped = bare(*words, "--help")
        assert (helped.code, helped.err) == (0, "")


def test_whoever_asks_for_help_waits_for_no_library_of_the_rest():
    script = (
        "import sys; from callboard.cli.main import main; sys.argv = ['callboard', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'sqlalchemy', 'aiohttp', 'starlette', 'jinja2', 'psycopg', 'cryptography'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=TIMEOUT_S)


def test_importing_callboard_imports_nothing_else():
    script = (
        "import sys, callboard; own = [n for n in sys.modules if n.startswith('callboard.')];"
        "assert not own and 'pydantic' not in sys.modules, own;"
        "assert callboard.Agent is callboard.AgentDefinition;"
        "assert set(callboard.__all__) <= set(dir(callboard));"
        "assert callboard.__version__"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("words", "position", "expected"),
    [
        ("callboard ", 1, "inbox"),
        ("callboard runs ", 2, "verify"),
        ("callboard agents v", 2, "val"),
    ],
)
def test_the_shell_completes_commands(bare, words, position, expected):
    env = {"_CALLBOARD_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    done = bare(**env)
    assert (done.code, done.err) == (0, "")
    assert expected in done.out


def test_a_shell_is_shown_its_completion_script(bare):
    shown = subprocess.run(
        ["bash", "-c", f"{COMMAND} --show-completion; exit $?"],
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=bare.environ(),
    )
    assert "COMPREPLY" in shown.stdout


def test_init_scaffolds_an_agent_in_typescript_that_runs_without_a_key(bare):
    made = bare("init", "--typescript", "--json").json
    assert any(path.endswith("types/agent-definition.ts") for path in made["written"])
    checked = bare("agents", "validate")
    assert (checked.code, "3 valid, 0 problems" in checked.err) == (0, True)
    (bare.workspace / "app.py").write_text("# TODO: more\n")
    done = bare("run", "todo-lister", "--json")
    assert done.code == 0
    assert done.events[-1]["output"]["value"] == {
        "pattern": "TODO",
        "files": ["app.py", ".agents/todo-lister.ts"],
    }


def test_a_definition_that_computes_for_ever_is_a_problem_and_the_others_load(bare):
    folder = bare.workspace / ".agents"
    folder.mkdir()
    (folder / "bad.py").write_text("while True:\n    pass\n")
    (folder / "bad.ts").write_text("while (true) {}\nexport default { id: 'x', model: 'y' }\n")
    bare.agent("good")
    done = bare("agents", "validate", "--json")
    assert done.code == 2
    assert {problem["file"] for problem in done.json} == {".agents/bad.py", ".agents/bad.ts"}
    assert all("longer than" in problem["message"] for problem in done.json)
    listed = [one["id"] for one in bare("agents", "list", "--json").json]
    assert "good" in listed
