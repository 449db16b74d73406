"""Handing changes on: a real command, in the repository, with what the change says and nothing more."""

import sys

import pytest

from callboard.ports.forge import Change
from callboard.sandbox.forge import CommandForge
from callboard.settings import read_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def forge(code, *words, timeout_s=20.0, environment=None):
    command = (sys.executable, "-c", code, *words)
    return CommandForge(command, environment or {}, timeout_s=timeout_s)


def change(place, title="Refund a payment"):
    return Change(str(place), "callboard/pay-1", title, "What was done.")


async def test_the_command_gets_branch_title_and_text_and_its_last_address_is_kept(tmp_path):
    code = (
        "import sys, os, pathlib\n"
        "pathlib.Path('seen').write_text(repr((sys.argv[1:], sys.stdin.read())))\n"
        "print('see https://old.example/1')\n"
        "print('Opened https://forge.example/pulls/7.')\n"
    )
    landed = await forge(code, "--head={branch}", "{title}").land(change(tmp_path))
    assert landed.problem is None
    assert landed.url == "https://forge.example/pulls/7."
    assert (tmp_path / "seen").read_text() == repr(
        (["--head=callboard/pay-1", "Refund a payment"], "What was done.")
    )


async def test_a_title_is_one_word_whatever_it_holds(tmp_path):
    code = "import sys; print(len(sys.argv) - 1, file=open('count', 'w'))"
    title = "x; touch /tmp/owned\n`id` $(id) {branch}"
    await forge(code, "{title}").land(change(tmp_path, title))
    assert (tmp_path / "count").read_text() == "1\n"


async def test_a_command_that_fails_says_why_without_its_secrets(tmp_path):
    token = "ghp_" + "x7Kq2mZ9vB4nR1tY8wL5" + "sD3fG6hJ0pQe2uXa"
    code = f"import sys; print('denied: token {token}'); sys.exit(3)"
    landed = await forge(code).land(change(tmp_path))
    assert landed.url is None
    assert landed.problem is not None
    assert landed.problem.startswith("it exited 3: denied")
    assert token not in landed.problem


async def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path):
    wait = "import signal; signal.pause()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {wait!r}])"
    landed = await forge(code, timeout_s=0.5).land(change(tmp_path))
    assert landed.problem is not None
    assert "took longer than 0.5 s" in landed.problem


async def test_a_command_that_is_not_there_is_a_problem_and_no_crash(tmp_path):
    landed = await CommandForge(("no-such-command",), {}).land(change(tmp_path))
    assert landed.problem == "no-such-command could not be started: No such file or directory"


def test_the_command_sees_the_deployments_environment_without_callboards_own_secrets(tmp_path):
    settings = read_settings(
        {
            "CALLBOARD_HOME": str(tmp_path),
            "CALLBOARD_FORGE_COMMAND": "open-pr --head '{branch}'",
            "CALLBOARD_VAULT_KEY": "secret",
            "OPENROUTER_API_KEY": "secret",
            "GH_TOKEN": "the forge's own",
            "PATH": "/bin",
        }
    )
    assert settings.forge_command == ("open-pr", "--head", "{branch}")
    assert settings.forge_environment == {"GH_TOKEN": "the forge's own", "PATH": "/bin"}
    assert "the forge's own" not in repr(settings)
