"""Secrets planted in every place that has any, and looked for in every place that keeps or shows something."""

import base64
import os
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from callboard.testing.model.loopback import Reply
from tests.cli.shell import COMMAND, TIMEOUT_S, Model, Shell, call, calls, command

STORED = "sk-canaryq7-stored-9f8e7d6c5b4a"
ROTATED = "sk-canaryq7-rotated-1a2b3c4d5e"
OTHERS = "sk-canaryq7-others-5e4d3c2b1a"
VARIABLES = {
    name: f"sk-canaryq7-of-{name.lower().replace('_', '-')}"
    for name in (
        *("OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
        *("BRAVE_API_KEY", "TAVILY_API_KEY", "EXA_API_KEY", "CONTEXT7_API_KEY"),
        *("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "UNRELATED"),
    )
}
DOTENV = "sk-canaryq7-of-the-dotenv-file"
CANARIES = (STORED, ROTATED, OTHERS, DOTENV, *VARIABLES.values())
"""All of them hold `canaryq7`, and so does nothing else: what holds a piece of one shows as well."""

# A command does see the workspace, its environment files included, and the packages of this very project, which may lie
# below any of these folders and take a busy machine longer than a command has: both are left out here.
LOOK_AROUND = (
    "env; set; export; cat /proc/self/environ; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; ls -la ~ / /root;"
    " cat ~/.[a-z]*; grep -rsaE --exclude=.env --exclude-dir=site-packages 'canary[q]7'"
    " ~ /tmp /home /etc /dev/shm /run /var"
)
TELL_AND_WAIT = f"({LOOK_AROUND}) 2>&1; echo ready > told; read go < gate; echo $go"


KEY = base64.b64encode(b"canaryq7 of the deployment's key").decode()


@pytest.fixture(params=["the key in a file", "the key in the environment"])
def shell(tmp_path, request):
    workspace, home = tmp_path / "work", tmp_path / "home"
    workspace.mkdir()
    home.mkdir(mode=0o700)
    shell = Shell(home, workspace, {"CALLBOARD_KEYRING": "off", **VARIABLES}, cold=True)
    if request.param == "the key in the environment":
        shell.env["CALLBOARD_VAULT_KEY"] = KEY
    subprocess.run(["git", "init", "-q", workspace], check=True)
    (workspace / ".env").write_text(f"TOKEN={DOTENV}\n")
    (workspace / ".gitignore").write_text("told\ngate\n")
    yield shell
    shell.end_all()


def store(shell, value, *arguments):
    done = subprocess.run(
        [COMMAND, "credentials", *arguments],
        env=shell.environ(),
        cwd=shell.workspace,
        input=value.encode(),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def refusal(status, key, **headers):
    """An answer of a server that repeats what it was sent, at its end where messages are cut as well."""
    said = f'{{"error": {{"message": "no: Authorization: Bearer {key} {"x" * 455} {key}"}}}}'
    return Reply((said.encode(),), status=status, headers=headers)


def broken_stream(key):
    event = f'data: {{"error": {{"code": 502, "message": "upstream refused {key}"}}}}\n\n'
    return Reply((event.encode(),), headers={"Content-Type": "text/event-stream"})


def descendants(pid):
    """Return the processes below one, by the parents that the kernel names."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(place.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def seen_of(pid):
    """Return the arguments and the environment of a process, as others can read them."""
    seen = b""
    for name in ("cmdline", "environ"):
        try:
            seen += Path(f"/proc/{pid}/{name}").read_bytes() + b"\n"
        except OSError:
            continue
    return seen


def kept(folder, *, but=()):
    """Return everything that files hold, what git has packed or compressed included."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path not in but:
            content = path.read_bytes()
            found[str(path)] = content
            if path.parent.parent.name == "objects" and path.parent.name != "info":
                found[f"{path} (unpacked)"] = _unpacked(path, content)
    return found


def _unpacked(path, content):
    if path.suffix in {".pack", ".idx", ".rev"}:
        git = ["git", "--git-dir", str(path.parents[2])]
        names = [*git, "cat-file", "--batch-all-objects", "--batch"]
        return subprocess.run(names, capture_output=True, check=True).stdout
    return zlib.decompress(content)


def contents_of(export):
    """Return what is packed into the lines of an export."""
    packed = re.findall(rb'"zlib": ?"([^"]+)"', export)
    assert packed
    return b"\n".join(zlib.decompress(base64.b64decode(each)) for each in packed)


def holding(places, needles):
    return [
        (place, needle)
        for place, content in places.items()
        for needle in needles
        if needle.encode() in content
    ]


def needles():
    """The canaries, as they are and in base64 at each of its three offsets."""
    encoded = [
        base64.b64encode(b"\0" * offset + canary.encode()).decode()[4:-4]
        for canary in CANARIES
        for offset in range(3)
    ]
    return [*CANARIES, *encoded]


def test_a_run_that_looks_for_secrets_everywhere_finds_none_and_leaves_none(shell):
    with Model() as model:
        url = f"{model.url}/v1"
        said = [store(shell, STORED, "set", "work", "--provider", "openai", "--base-url", url)]
        said.append(store(shell, OTHERS, "set", "o", "--provider", "openai", "--scope", "agent:o"))
        os.mkfifo(shell.workspace / "gate")
        os.mkfifo(shell.workspace / "told")
        tools = ["run_terminal_command", "read_files", "code_search", "read_subtree", "glob"]
        shell.agent(
            provider="openai",
            credential="work",
            toolNames=[*tools, "list_directory", "find_files", "end_turn"],
            handleSteps="function* () { yield 'STEP_ALL' }",
        )
        model.will(
            refusal(500, STORED, **{"retry-after-ms": "1"}),
            broken_stream(STORED),
            command(TELL_AND_WAIT, timeout_seconds=200),
            calls(
                call("read_files", "c2", paths=[".env", "/proc/self/environ", "../home/vault.key"]),
                call("code_search", "c3", pattern="canary[q]7", flags="--hidden --no-ignore"),
                call("read_subtree", "c4"),
                call("glob", "c5", pattern="**/.env*"),
                call("find_files", "c6", prompt="secret token environment"),
            ),
            refusal(401, ROTATED),
        )
        running = shell.start("run", "helper", "--json", "--run-id", "r")
        (shell.workspace / "told").read_text()  # returns when the command has looked around
        children = {pid: seen_of(pid) for pid in descendants(running.process.pid)}
        meanwhile = kept(shell.home, but=[shell.home / "vault.key"])
        said.append(store(shell, ROTATED, "rotate", "work"))
        (shell.workspace / "gate").write_text("on\n")
        done = running.finish()
        sent = [request.headers.get("authorization", "") for request in model.received]

    assert sent == [*[f"Bearer {STORED}"] * 3, *[f"Bearer {ROTATED}"] * 2]
    assert done.types[-1] == "run.failed"
    assert "[redacted]" in done.out
    assert len(children) >= 3  # the sandbox, the shell in it, the program's worker
    key = shell.env.get("CALLBOARD_VAULT_KEY") or (shell.home / "vault.key").read_text().strip()
    assert len(base64.b64decode(key)) == 32
    asking = replace(shell, cold=False)  # nobody looks into these processes, only at what they say
    shown = {
        name: (result.out + result.err).encode()
        for name, result in {
            "run": done,
            "show": asking("runs", "show", "r", "--json"),
            "story": asking("runs", "show", "r"),
            "credentials": asking("credentials", "list", "--json"),
            "agents": asking("agents", "show", "helper", "--json"),
            "verify": asking("runs", "verify", "r", "--json"),
            "again": asking("runs", "resume", "r"),
            "export": asking("runs", "export", "r", "--output", "-"),
        }.items()
    }
    places = {
        **shown,
        "packed in the export": contents_of(shown["export"]),
        "stored": b"".join(said),
        **{f"child {pid}": seen for pid, seen in children.items()},
        **{f"meanwhile {name}": content for name, content in meanwhile.items()},
        **kept(shell.home, but=[shell.home / "vault.key"]),
        "requests": b"".join(request.body for request in model.received),
    }
    assert holding(places, [*needles(), key, "canaryq7"]) == []
