"""The roster from the command line."""

import json
import subprocess

import yaml

from tests.cli.shell import call, calls, say


def git(shell, *arguments):
    subprocess.run(["git", *arguments], cwd=shell.workspace, check=True, env=shell.environ())


def save(shell, name="writer", prompt="Write.", *more):
    shell.agent(name, systemPrompt=prompt, skills=["code"])
    done = shell("roster", "save", f".agents/{name}.yaml", "--json", *more)
    assert done.code == 0, done.err
    return done.json


def test_an_agent_goes_from_draft_to_live_to_retired(shell):
    assert save(shell) | {"at": ""} == {
        "agent": "writer",
        "number": 1,
        "digest": save(shell)["digest"],
        "author": {"kind": "person", "name": "ann"},
        "note": "",
        "at": "",
        "new": True,
    }
    assert save(shell, "writer", "Write.")["new"] is False
    (listed,) = shell("roster", "list", "--json").json
    assert (listed["id"], listed["state"], listed["version"]) == ("writer", "draft", 1)
    promoted = shell("roster", "promote", "writer", "--note", "go", "--json").json
    assert (promoted["made"], promoted["agent"]["live"]) == (True, 1)
    for verb, state in (("pause", "paused"), ("resume", "live"), ("retire", "retired")):
        assert shell("roster", verb, "writer", "--json").json["agent"]["state"] == state
    assert "retired" in shell("roster", "list").out


def test_versions_are_listed_compared_and_gone_back_to(shell):
    save(shell)
    shell("roster", "promote", "writer")
    save(shell, "writer", "Write short.", "--note", "shorter")
    shown = shell("roster", "show", "writer", "--version", "2", "--json").json
    assert (shown["live"], shown["definition"]["systemPrompt"]) == (1, "Write short.")
    assert [one["note"] for one in shell("roster", "versions", "writer", "--json").json] == [
        "shorter",
        "",
    ]
    assert "Write short." in shell("roster", "diff", "writer", "1", "2").out
    shell("roster", "promote", "writer")
    assert shell("roster", "rollback", "writer", "--json").json["agent"]["live"] == 1
    for wrong in (["show", "writer", "--version", "9"], ["diff", "writer", "1", "9"]):
        assert shell("roster", *wrong).code == 2


def test_a_dry_run_says_what_is_touched_and_leaves_it(shell):
    save(shell)
    flow = {
        "id": "flow",
        "title": "Flow",
        "steps": [{"id": "work", "title": "Work", "agent": "writer"}],
    }
    (shell.workspace / "flow.yaml").write_text(yaml.safe_dump(flow))
    assert shell("workflows", "apply", "flow.yaml").code == 0
    dry = shell("roster", "promote", "writer", "--dry-run", "--json").json
    assert (dry["made"], dry["agent"]["live"]) == (False, 1)
    assert {"id": "flow", "space": None, "steps": {"work": "named"}} in dry["touches"]["workflows"]
    assert shell("roster", "list", "--json").json[0]["state"] == "draft"
    assert "workflow flow: work (named)" in shell("roster", "touches", "writer").out
    refused = shell("roster", "retire", "writer")
    assert (refused.code, "workflow flow (work)" in refused.err) == (2, True)
    assert shell("roster", "retire", "writer", "--force").code == 0


def test_a_trial_is_set_up_with_its_bound(shell):
    save(shell)
    tried = shell("roster", "try", "writer", "--share", "0.2", "--attempts", "5", "--json").json
    trial = tried["agent"]["trial"]
    assert (trial["version"], trial["share"], trial["bound"]["attempts"]) == (1, 0.2, 5)
    assert "trial of 1 with 20%" in shell("roster", "list").out
    assert "0 of 0 accepted" in shell("roster", "show", "writer").out
    shown = shell("roster", "show", "writer", "--json").json["trial_standing"]
    assert shown["tried"] == {"accepted": 0, "finished": 0, "acceptance": None}
    for wrong in (["--share", "2"], ["--share", "0.5", "--attempts", "0"]):
        assert shell("roster", "try", "writer", *wrong).code == 2


def test_scope_is_changed_and_what_is_not_there_is_named(shell):
    save(shell)
    shell("spaces", "create", "auth", "--name", "Auth", "--prefix", "AUTH")
    scoped = shell("roster", "scope", "writer", "--space", "auth", "--at-once", "2", "--json")
    assert (scoped.json["spaces"], scoped.json["at_once"]) == (["auth"], 2)
    assert shell("roster", "scope", "writer", "--everywhere", "--json").json["spaces"] is None
    for wrong, named in (
        (["scope", "writer"], "--everywhere"),
        (["scope", "writer", "--space", "moon"], "moon"),
        (["show", "nobody"], "nobody"),
        (["promote", "writer", "--version", "7"], "no version 7"),
        (["promote", "writer", "--revision", "99"], "changed meanwhile"),
        (["save", "nowhere.yaml"], "nowhere.yaml"),
    ):
        refused = shell("roster", *wrong)
        assert (refused.code, named in refused.err) == (2, True), refused.err


def test_a_broken_definition_and_one_with_a_secret_are_not_saved(shell):
    shell.agent("writer", systemPrompt=3)
    assert "systemPrompt" in shell("roster", "save", ".agents/writer.yaml").err
    key = "sk-ant-api03-" + "Qm7Zt2Kx9Lp4Vn8Rw3Yb" * 4 + "-AA"
    shell.agent("writer", systemPrompt=f"Use {key}")
    refused = shell("roster", "save", ".agents/writer.yaml")
    assert (refused.code, key in refused.err, "systemPrompt" in refused.err) == (2, False, True)
    assert json.loads(shell("roster", "list", "--json").out) == []


def test_a_new_version_is_replayed_on_the_files_of_then_before_it_goes_live(shell, model):
    git(shell, "init", "--quiet")
    (shell.workspace / "app.py").write_text("x = 1\n")
    git(shell, "add", ".")
    git(shell, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    check = {"kind": "file", "path": "app.py", "contains": "x = 2"}
    step = {"id": "work", "title": "Work", "agent": "writer", "checks": [check], "max_attempts": 1}
    flow = {"id": "flow", "title": "Flow", "steps": [step]}
    (shell.home / "flow.yaml").write_text(yaml.safe_dump(flow))
    assert shell("workflows", "apply", shell.home / "flow.yaml").code == 0
    repository = ("--repository", shell.workspace, "--workflow", "flow")
    assert shell("spaces", "create", "auth", "--prefix", "AUTH", *repository).code == 0
    tools = {"toolNames": ["write_file", "end_turn"]}
    shell.agent("writer", folder=shell.home / "drafts", **tools)
    shell("roster", "save", shell.home / "drafts")
    shell("roster", "promote", "writer")

    def writes(text):
        return calls(call("write_file", path="app.py", content=text), cost_usd="0.5"), say(
            "Done.", cost_usd="0"
        )

    model.will(*writes("x = 2\n"))
    assert shell("tasks", "create", "auth", "Make it 2").code == 0
    assert shell("tasks", "start", "AUTH-1").code == 0
    assert shell("worker", "--until-idle").code == 0
    assert shell("tasks", "show", "AUTH-1", "--json").json["state"] == "done"

    shell.agent("writer", folder=shell.home / "drafts", systemPrompt="Be quick.", **tools)
    shell("roster", "save", shell.home / "drafts")
    model.will(*writes("x = 3\n"))
    refused = shell("roster", "promote", "writer", "--json")
    assert (refused.code, refused.json["made"], refused.json["replay"]["worse"]) == (1, False, True)
    assert "x = 2" in refused.json["replay"]["cases"][0]["reason"]
    model.will(*writes("x = 2\n"))
    promoted = shell("roster", "promote", "writer")
    assert promoted.code == 0, promoted.err
    assert "writer is live in version 2" in promoted.err
    assert (shell.workspace / "app.py").read_text() == "x = 1\n", "a replay works on a copy"
    (listed,) = shell("tasks", "list", "--json").json
    assert listed["runs"] == ["AUTH-1-1"]


def test_a_team_moves_to_another_deployment_as_files(shell, bare, tmp_path):
    save(shell, "writer", "Write.\nBe kind.\n")
    shell("roster", "promote", "writer")
    team = tmp_path / "team"
    exported = shell("export", team, "--json")
    assert exported.json["files"] == ["agents/writer.yaml", "callboard.lock.yaml"]
    assert "Be kind." in (team / "agents" / "writer.yaml").read_text()
    other = {"CALLBOARD_HOME": str(tmp_path / "other")}
    shown = shell("import", team, **other)
    assert "+  Be kind." in shown.out
    assert "1 change to make; --apply makes them." in shown.err
    assert shell("roster", "list", "--json", **other).json == []
    assert shell("import", team, "--apply", "--json", **other).json["applied"] is True
    (listed,) = shell("roster", "list", "--json", **other).json
    assert (listed["id"], listed["state"]) == ("writer", "live")
    assert "Everything is here already." in shell("import", team, **other).err
    for wrong, named in ((tmp_path, "is no export"), (tmp_path / "nowhere", "is no export")):
        refused = shell("import", wrong)
        assert (refused.code, named in refused.err) == (2, True), refused.err
    occupied = shell("export", shell.workspace)
    assert (occupied.code, "no export" in occupied.err) == (2, True)
