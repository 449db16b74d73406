"""`callboard doctor`, seen from outside."""

import json

from tests.cli.shell import CANARY


def store(shell, *arguments):
    done = shell("credentials", *arguments, given=CANARY.encode(), CALLBOARD_KEYRING="off")
    assert done.code == 0


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


def test_what_commands_reach_is_shown_with_the_credentials_that_go_there(bare):
    assert "commands have none" in findings(bare("doctor", "--json"))["sandbox.network"]["said"]
    for name, host in (("hub", "hub.test"), ("other", "other.test")):
        store(bare, "set", name, "--provider", "command-host", "--base-url", f"https://{host}")
    done = bare("doctor", "--json", CALLBOARD_COMMAND_HOSTS="hub.test", CALLBOARD_KEYRING="off")
    assert done.code == 0
    network = findings(done)["sandbox.network"]
    if findings(done)["sandbox"]["said"].startswith("bubblewrap"):
        assert network["said"] == "commands reach, through a proxy: hub.test:80, hub.test:443"
    said = [
        each for each in json.loads(done.out)["findings"] if each["name"].endswith("credential")
    ]
    assert [each["held"] for each in said] == [True, False]
    assert "other.test:443, which CALLBOARD_COMMAND_HOSTS does not list" in said[1]["said"]
    assert "command-host" not in findings(done)["providers"]["said"]
    assert CANARY not in done.out + done.err


def test_a_list_that_cannot_be_used_stops_every_command_and_says_why(bare):
    done = bare("doctor", CALLBOARD_COMMAND_HOSTS="pypi.org,*.example.org")
    assert done.code == 2
    assert "`*.example.org`" in done.err
    assert "list each host by its name" in done.err


def test_what_no_proxy_could_use_is_not_stored(bare):
    for arguments, said in (
        ((), "--base-url https://HOST"),
        (("--base-url", "https://hub.test/v1"), "without a path"),
        (("--base-url", "https://hub.test", "--scope", "agent:a"), "--scope agent:a"),
    ):
        done = bare("credentials", "set", "hub", "--provider", "command-host", *arguments)
        assert (done.code, said in done.err) == (2, True), done.err


def test_a_server_is_looked_at_where_the_database_is_on_one(bare, postgres_database):
    done = bare("doctor", "--json", CALLBOARD_DATABASE_URL=postgres_database)
    found = findings(done)
    assert done.code == 0
    assert found["postgresql"]["said"].startswith("PostgreSQL ")
    assert found["database.clock"]["held"]
    assert "connections are in use" in found["database.connections"]["said"]
    assert found["database.processes"]["said"].startswith("1 at work")
    assert found["dispatcher"]["said"] == "procrastinate"


def test_a_server_that_is_away_is_a_failure_of_the_database_without_its_password(bare):
    url = f"postgresql://u:{CANARY}@127.0.0.1:1/d"
    done = bare("doctor", "--json", CALLBOARD_DATABASE_URL=url, CALLBOARD_DATABASE_PATIENCE="1")
    assert done.code == 1
    assert not findings(done)["database"]["held"]
    assert CANARY not in done.out + done.err


def test_limits_that_are_full_are_said(bare):
    assert findings(bare("doctor", "--json"))["limits"]["said"] == "none is set"
    bare("limits", "set", "provider:openrouter", "--at-once", "3")
    limits = findings(bare("doctor", "--json"))["limits"]
    assert (limits["said"], limits["held"]) == ("1 on what goes on at a time", True)


def test_where_traces_go_is_said_without_a_password(bare):
    assert "traces" not in findings(bare("doctor", "--json"))
    url = f"http://u:{CANARY}@127.0.0.1:4318"
    done = bare("doctor", "--json", OTEL_EXPORTER_OTLP_ENDPOINT=url)
    assert findings(done)["traces"]["said"] == "go to 127.0.0.1:4318"
    assert CANARY not in done.out + done.err
