"""A trial of a jail: a canary inside tries what no command may be able to do."""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callboard.domain.errors import SandboxUnavailable
from callboard.sandbox.commands.drain import Drain
from callboard.sandbox.commands.jail import Jail
from callboard.sandbox.commands.opening import interpreter, python_home
from callboard.sandbox.commands.output import Captured
from callboard.sandbox.commands.policy import Policy

_TRIAL_S = 20.0
_KEPT = 10_000
_SECRET = "callboard-canary-secret"  # noqa: S105 - there is nothing behind it
_CONFIG = "[core]\n"

ATTEMPTS = {
    "write_inside": "write in the workspace",
    "read_outside": "read a file outside the workspace",
    "write_outside": "write a file outside the workspace",
    "connect": "connect to a listening socket of this machine",
    "local_socket": "connect to a local socket outside the workspace",
    "environment": "see an environment other than its own",
    "environment_of_1": "read /proc/1/environ",
    "signal": "signal a process outside",
    "git_hooks": "leave a hook in .git/hooks",
    "git_config": "change .git/config",
}
"""What the canary tries, in words that follow `could` (the first one must succeed, all others fail)."""

# Each attempt is an expression or a call that raises where it is refused; the answer is what was possible.
_CANARY = """
import json, os, socket, sys
outside, port, pid, secret = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
granted = set(sys.argv[5:])
def write(path):
    with open(path, "w") as file:
        file.write("x")
    return True
def reach(family, address):
    with socket.socket(family) as one:
        one.settimeout(2)
        one.connect(address)
    return True
def environ(which):
    with open(f"/proc/{which}/environ") as file:
        return bool(file.read(1))
def hook():
    os.makedirs(".git/hooks", exist_ok=True)
    return write(".git/hooks/pre-commit")
attempts = {
    "write_inside": lambda: write("inside"),
    "read_outside": lambda: secret in open(f"{outside}/secret").read(),
    "write_outside": lambda: write(f"{outside}/planted"),
    "connect": lambda: reach(socket.AF_INET, ("127.0.0.1", port)),
    "local_socket": lambda: reach(socket.AF_UNIX, f"{outside}/socket"),
    "environment": lambda: not granted >= set(os.environ) or environ(os.getppid()),
    "environment_of_1": lambda: environ(1),
    "signal": lambda: os.kill(pid, 0) is None,
    "git_hooks": hook,
    "git_config": lambda: write(".git/config"),
}
possible = []
for name, attempt in attempts.items():
    try:
        if attempt():
            possible.append(name)
    except OSError:
        pass
print(json.dumps(possible))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One attempt, in words that follow `could` or `could not`; whether it was possible, and the jail held."""

    name: str
    attempt: str
    possible: bool
    held: bool


async def trial(
    place: Path, open_jail: Callable[[Policy], Awaitable[Jail]], *, sockets: bool = False
) -> tuple[Finding, ...]:
    """Run the canary in a jail for a directory beneath `place`, which is empty.

    `sockets`: it gets what commands get where hosts are listed, so that the network that confines it is tried.

    Raises:
        SandboxUnavailable: the jail or the canary does not start.
    """
    policy = _policy(place, sockets=sockets)
    with socket.socket() as listening, socket.socket(socket.AF_UNIX) as local:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with suppress(OSError):  # a path too long for a socket: nothing is there to be reached
            local.bind(str(place / "socket"))
            local.listen()
        jail = await open_jail(policy)
        try:
            possible = await _possible(jail, policy, place, listening.getsockname()[1])
        finally:
            await jail.close()
    return tuple(
        Finding(name, words, name in possible, held=(name in possible) == (name == "write_inside"))
        for name, words in ATTEMPTS.items()
    )


async def _possible(jail: Jail, policy: Policy, place: Path, port: int) -> set[str]:
    kept = await jail.keep()
    possible = await _ask(
        jail, policy, [str(place), str(port), str(os.getpid()), _SECRET, *policy.environment()]
    )
    await jail.undo(kept)
    # What counts is what is left: a write may seem to succeed and go nowhere, or be undone.
    outcomes = {
        "write_inside": (place / "root" / "inside").exists(),
        "write_outside": (place / "planted").exists(),
        "git_hooks": (place / "root" / ".git" / "hooks").exists(),
        "git_config": (place / "root" / ".git" / "config").read_text() != _CONFIG,
    }
    certain = {name for name in possible if name in ATTEMPTS and name not in outcomes}
    return certain | {name for name, happened in outcomes.items() if happened}


async def _ask(jail: Jail, policy: Policy, arguments: list[str]) -> list[str]:
    out, errors = Captured(_KEPT, 0), Captured(_KEPT, 0)
    drains = Drain(out), Drain(errors)
    argv = [interpreter(), "-I", "-S", "-c", _CANARY, *arguments]
    try:
        outputs = [drain.writable for drain in drains]
        running = await jail.begin(argv, policy.root, policy.environment(), outputs)
        for drain in drains:
            drain.begun()
        async with asyncio.timeout(_TRIAL_S):
            ended = await running.wait()
            await asyncio.gather(*(drain.closed for drain in drains))
    except TimeoutError:
        raise SandboxUnavailable("the trial did not end") from None
    finally:
        for drain in drains:
            drain.close()
    try:
        answer: list[str] = json.loads(out.text())
    except ValueError:
        reason = ended.detail if ended.word == "failed" else errors.text().strip()
        message = f"the trial ended with {ended.word} {ended.exit_code}: {reason}"
        raise SandboxUnavailable(message) from None
    return answer


def _policy(place: Path, *, sockets: bool) -> Policy:
    policy = Policy(
        root=str(place / "root"),
        temporary=str(place / "temporary"),
        read_only=(python_home(),),
        sockets=sockets,
    )
    for directory in (f"{policy.root}/.git", policy.home, policy.scratch):
        Path(directory).mkdir(parents=True)
    Path(policy.root, ".git", "config").write_text(_CONFIG)
    (place / "secret").write_text(_SECRET)
    return policy
