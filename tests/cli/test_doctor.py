"""`callboard doctor`, seen from outside."""

import json

from tests.cli.shell import CANARY


def findings(done):
    return {finding["name"]: finding for finding in json.loads(done.out)["findings"]}


def test_a_machine_with_everything_is_healthy_and_says_which_sandbox_holds(bare):
    done = bare("doctor", "--json")
    assert done.code == 0
    found = findings(done)
    assert found["sandbox"]["said"].split()[0] in {"bubblewrap", "landlock"}
    kind = found["sandbox"]["said"].split()[0]
    attempts = {name.rpartition(".")[2] for name in found if name.startswith(f"sandbox.{kind}.")}
    assert attempts >= {"write_outside", "connect", "environment_of_1", "signal", "git_hooks"}
    assert all(found[f"sandbox.{kind}.{name}"]["held"] for name in attempts)
    assert {"python", "sqlite", "home", "database", "git", "ripgrep", "providers"} <= set(found)


def test_without_json_there_is_a_line_for_each_finding(bare):
    done = bare("doctor")
    assert done.code == 0
    assert "ok    sandbox: " in done.out
    assert "note  providers: " in done.out


def test_providers_are_named_and_no_key_is_shown(bare):
    done = bare("doctor", "--json", OPENAI_API_KEY=CANARY)
    assert findings(done)["providers"]["said"] == "openai"
    assert CANARY not in done.out + done.err


def test_a_home_that_cannot_be_used_is_a_failure_with_a_way_out(bare):
    done = bare("doctor", "--json", CALLBOARD_HOME="/proc/nowhere")
    assert done.code == 1
    home = findings(done)["home"]
    assert not home["held"]
    assert "CALLBOARD_HOME" in home["way_out"]


def test_a_browser_is_looked_at_only_where_one_is_configured(bare, tmp_path):
    assert "browser" not in findings(bare("doctor", "--json"))
    done = bare("doctor", "--json", CALLBOARD_CHROMIUM=str(tmp_path / "none"))
    assert done.code == 1
    assert not findings(done)["browser"]["held"]


def test_an_opt_out_is_said_and_is_no_failure(bare):
    done = bare("doctor", "--json", CALLBOARD_SANDBOX="off")
    assert done.code == 0
    assert findings(done)["sandbox"]["said"].startswith("off")
