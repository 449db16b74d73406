"""`callboard credentials`, as a person and a script use it."""

import os
import pty
import subprocess

import pytest

from tests.cli.shell import COMMAND, TIMEOUT_S, Model, say

VALUE = "sk-canary-of-the-command-271828"
NEXT = "sk-canary-of-the-next-one-314159"


@pytest.fixture
def give(bare):
    """Runs a command with something on stdin."""
    bare.env = {"CALLBOARD_KEYRING": "off"}

    def command(value, *arguments, **env):
        given = value if isinstance(value, bytes) else value.encode()
        return bare("credentials", *arguments, given=given, **env)

    return command


def test_a_value_goes_in_and_never_comes_out(bare, give):
    done = give(f"{VALUE}\n", "set", "work", "--provider", "openai")
    assert (done.code, done.out) == (0, "")
    assert "work (org) is stored, version 1" in done.err
    rotated = give(NEXT, "rotate", "work")
    assert "version 2" in rotated.err
    shown = [bare("credentials", "list"), bare("credentials", "list", "--json")]
    (facts,) = shown[1].json
    assert facts["value"] == "********"
    assert (facts["name"], facts["scope"], facts["provider"]) == ("work", "org", "openai")
    assert (facts["version"], facts["last_used_at"], facts["stored_by"]) == (2, None, "ann")
    files = b"".join(path.read_bytes() for path in bare.home.rglob("*") if path.is_file())
    everything = "".join(each.out + each.err for each in (done, rotated, *shown))
    for secret in (VALUE, NEXT):
        assert secret not in everything
        assert secret.encode() not in files
    removed = bare("credentials", "remove", "work")
    assert (removed.code, "work (org) is removed" in removed.err) == (0, True)
    assert bare("credentials", "list", "--json").json == []
    assert bare("credentials", "list").out == ""


def test_what_a_list_shows_can_be_written_back_and_changes_nothing(bare, give):
    give(VALUE, "set", "work", "--provider", "openai")
    before = bare("credentials", "list", "--json").json
    for mask in (before[0]["value"], "sk-…****", "•••"):
        for arguments in (("set", "work", "--provider", "openai"), ("rotate", "work")):
            done = give(mask, *arguments)
            assert (done.code, "unchanged" in done.err) == (0, True)
    assert bare("credentials", "list", "--json").json == before
    with Model() as model:
        bare.agent(provider="openai")
        model.will(say("Hi"))
        assert bare("run", "helper", OPENAI_BASE_URL=f"{model.url}/v1").code == 0
        assert model.received[0].headers["authorization"] == f"Bearer {VALUE}"
    assert bare("credentials", "list", "--json").json[0]["last_used_at"] is not None


def test_a_value_on_the_command_line_is_refused_and_not_repeated(bare, give):
    for arguments in (
        ("set", "work", VALUE, "--provider", "openai"),
        ("set", "work", "--provider", "openai", "--value", VALUE),
        ("set", "work", "--provider", "openai", f"--api-key={VALUE}"),
        ("set", VALUE, "--provider", "openai"),
        ("rotate", "work", VALUE),
        ("rotate", VALUE),
        ("remove", VALUE),
    ):
        done = give(NEXT, *arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert VALUE not in done.err, arguments
    assert "shell" in give(NEXT, "set", "work", VALUE, "--provider", "openai").err
    assert bare("credentials", "list", "--json").json == []


@pytest.mark.parametrize("value", ["", "\n \n", b"\xff\xfe\x00", "two\nlines", "y" * 70_000])
def test_a_value_that_cannot_be_stored_is_one_line_and_exit_2(bare, give, value):
    done = give(value, "set", "work", "--provider", "openai")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert bare("credentials", "list", "--json").json == []


def test_without_any_stdin_nothing_hangs(bare, give):
    done = bare("credentials", "set", "work", "--provider", "openai")
    assert (done.code, "no value was given" in done.err) == (2, True)


def test_a_person_is_asked_and_what_they_type_is_not_shown(bare, give):
    person, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "credentials", "set", "work", "--provider", "openai"],
        cwd=bare.workspace,
        env=bare.environ(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    while b"Value of work: " not in shown:
        shown += os.read(person, 1024)
    os.write(person, f"{VALUE}\n".encode())
    while b"is stored" not in shown:
        shown += os.read(person, 1024)
    assert process.wait(TIMEOUT_S) == 0
    os.close(person)
    assert VALUE.encode() not in shown
    assert bare("credentials", "list", "--json").json[0]["version"] == 1


def test_the_key_may_come_from_the_environment_and_is_needed_then(bare, give):
    key = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
    give(VALUE, "set", "work", "--provider", "openai", CALLBOARD_VAULT_KEY=key)
    assert not (bare.home / "vault.key").exists()
    bare.agent(provider="openai")
    without = bare("run", "helper")
    assert (without.code, len(without.err.splitlines())) == (2, 1)
    assert "work (org)" in without.err
    assert "CALLBOARD_VAULT_KEY" in without.err
    other = bare("run", "helper", CALLBOARD_VAULT_KEY=f"{'A' * 43}=")
    assert (other.code, "another key" in other.err) == (2, True)
    broken = bare("run", "helper", CALLBOARD_VAULT_KEY="hunter2-hunter2")
    assert (broken.code, "CALLBOARD_VAULT_KEY must be" in broken.err) == (2, True)
    assert "hunter2" not in broken.err
    assert key not in without.err + other.err


def test_a_key_file_that_others_can_read_is_refused_with_the_way_out(bare, give):
    give(VALUE, "set", "work", "--provider", "openai")
    (bare.home / "vault.key").chmod(0o644)
    bare.agent(provider="openai")
    done = bare("run", "helper")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert f"chmod 600 {bare.home / 'vault.key'}" in done.err


def test_rows_that_somebody_changed_are_not_used_and_say_so(bare, give):
    with Model() as model:
        give(VALUE, "set", "work", "--provider", "openai")
        give(NEXT, "set", "play", "--provider", "openai", "--scope", "agent:other")
        bare.agent(provider="openai", credential="work")
        for change in (
            f"UPDATE credential SET base_url = '{model.url}/v1' WHERE name = 'work'",
            "UPDATE credential SET ciphertext = x'00' WHERE name = 'work'",
            "UPDATE credential SET scope = 'org', name = 'work2' WHERE name = 'play'",
        ):
            with bare.database() as db:
                db.execute(change)
        for name in ("work", "work2"):
            bare.agent(provider="openai", credential=name)
            done = bare("run", "helper", OPENAI_BASE_URL=f"{model.url}/v1")
            assert (done.code, f"{name} (org)" in done.err) == (2, True)
            assert "altered" in done.err
        assert model.received == []


def test_one_agents_key_is_not_anothers(bare, give):
    give(VALUE, "set", "work", "--provider", "openai", "--scope", "agent:other")
    bare.agent(provider="openai", credential="work")
    done = bare("run", "helper", OPENAI_API_KEY=NEXT)
    assert (done.code, "agent:other only" in done.err) == (2, True)
    with Model() as model:
        bare.agent(provider="openai")
        model.will(say("Hi"))
        environment = {"OPENAI_API_KEY": NEXT, "OPENAI_BASE_URL": f"{model.url}/v1"}
        assert bare("run", "helper", **environment).code == 0
        assert model.received[0].headers["authorization"] == f"Bearer {NEXT}"


def test_a_credential_that_is_missing_says_how_to_store_it(bare):
    bare.agent(provider="openai", credential="work")
    done = bare("run", "helper", OPENAI_API_KEY=NEXT)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "callboard credentials set work --provider" in done.err
    assert bare("runs", "list", "--json").json == []


def test_a_new_key_seals_what_is_stored_and_neither_key_nor_value_is_shown(bare, give):
    assert bare("credentials", "rekey").code == 2  # there is none yet
    give(VALUE, "set", "work", "--provider", "openai")
    file = bare.home / "vault.key"
    old = file.read_text().strip()
    done = bare("credentials", "rekey")
    new = file.read_text().strip()
    assert (done.code, done.out) == (0, "")
    assert "1 credential sealed with it" in done.err
    assert new != old
    assert not [secret for secret in (VALUE, old, new) if secret in done.err]
    assert give(NEXT, "rotate", "work").code == 0
    file.write_text(f"{old}\n")
    refused = give(NEXT, "rotate", "work")
    assert (refused.code, "another key" in refused.err) == (2, True)
