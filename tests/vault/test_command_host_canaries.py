"""A secret that goes with requests of commands, looked for in every place that a run leaves or shows something."""

import base64
import subprocess

import pytest

from callboard.testing.model.loopback import Reply
from tests.cli.shell import COMMAND, TIMEOUT_S, Model, Shell, call, calls, command, say
from tests.sandbox.conftest import KINDS

SECRET = "canaryq9-of-the-hub-6a5b4c3d2e1f"
HUNT = (
    "env; set; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; cat ~/.[a-z]*;"
    " grep -rsaE --exclude-dir=site-packages 'canary[q]9' ~ /tmp /home /etc /dev /run /var; git config --list"
)


@pytest.fixture
def shell(tmp_path):
    workspace, home = tmp_path / "work", tmp_path / "home"
    workspace.mkdir()
    home.mkdir(mode=0o700)
    shell = Shell(home, workspace, {"CALLBOARD_KEYRING": "off"}, cold=True)
    subprocess.run(["git", "init", "-q", workspace], check=True)
    yield shell
    shell.end_all()


def store(shell, url):
    done = subprocess.run(
        [COMMAND, "credentials", "set", "hub", "--provider", "command-host", "--base-url", url],
        env=shell.environ(),
        input=SECRET.encode(),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return done.stdout + done.stderr


def everything(shell):
    """Return what the run and the files show, by place."""
    shown = {
        " ".join(words): shell(*words)
        for words in (
            ("runs", "show", "r", "--json"),
            ("runs", "show", "r"),
            ("credentials", "list", "--json"),
            ("doctor", "--json"),
        )
    }
    texts = {place: (done.out + done.err).encode() for place, done in shown.items()}
    files = [path for path in shell.home.parent.rglob("*") if path.is_file()]
    return texts | {str(path): path.read_bytes() for path in files}


@pytest.mark.parametrize("kind", [KINDS[1]])
def test_a_secret_that_goes_with_requests_of_commands_is_nowhere_within(shell, kind):
    with Model() as model, Model() as hub:
        place = hub.url.removeprefix("http://")
        told = [store(shell, hub.url)]
        hub.will(
            Reply((f"you sent Bearer {SECRET}\n".encode(),), headers={"X-Saw": SECRET}),
            Reply((f"no: {SECRET}".encode(),), status=401),
        )
        shell.agent(toolNames=["run_terminal_command", "end_turn"], provider="openai")
        ask = f"curl -sSi --noproxy '' -H 'Authorization: Bearer of-the-jail' http://{place}/v1"
        model.will(
            command(f"({ask}; {ask}) & ({HUNT}); wait; {HUNT}"),
            calls(call("run_terminal_command", "c2", command="curl -sS http://evil.test/")),
            say("done"),
        )
        shell.env |= {
            "CALLBOARD_COMMAND_HOSTS": place,
            "OPENAI_API_KEY": "sk-canary-of-the-model",
            "OPENAI_BASE_URL": f"{model.url}/v1",
        }
        done = shell("run", "helper", "--json", "--run-id", "r")
        sent = [request.headers["authorization"] for request in hub.received]
        requests = b"".join(request.body for request in model.received)
    assert done.types[-1] == "run.completed", done.err
    assert sent == [f"Bearer {SECRET}"] * 2
    assert "you sent Bearer ****" in done.out
    assert f"[network: reached {place} (2 times)]" in done.out
    assert "[network: refused evil.test:80: " in done.out
    places = everything(shell) | {
        "run": (done.out + done.err).encode(),
        "model": requests,
        "set": b"".join(told),
    }
    encoded = base64.b64encode(SECRET.encode())[:-4]
    found = [
        where for where, what in places.items() for one in (SECRET.encode(), encoded) if one in what
    ]
    assert found == []
