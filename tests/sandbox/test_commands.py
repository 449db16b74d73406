"""Commands in each confinement that can start here, against the contract and against attacks."""

import asyncio
import os
import secrets
from pathlib import Path

import pytest

from callboard.domain.errors import ConfigurationInvalid, SandboxUnavailable
from callboard.ports.workspace import CommandRequest
from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.workspace.commands import CommandsContract, running, sh


def unique_marker() -> str:
    """A time to sleep that no other test sleeps: the same test runs beside it, under another confinement."""
    return str(90_000_000_000 + secrets.randbelow(9_000_000_000))


pytestmark = pytest.mark.anyio

CANARY = "callboard-secret-canary"
PLANTED = (Path("/usr/callboard-planted"), Path("/etc/callboard-planted"))


class TestConfinedCommands(CommandsContract):
    pass


@pytest.fixture
def canary(monkeypatch):
    monkeypatch.setenv("CALLBOARD_TEST_CANARY", CANARY)


async def test_nothing_of_our_environment_is_passed_on(commands, canary):
    result = await sh(commands, "env")
    assert CANARY not in result.stdout
    names = {line.partition("=")[0] for line in result.stdout.splitlines()}
    assert names >= {"PATH", "HOME", "TMPDIR", "LANG", "TERM", "CI"}
    assert not {name for name in names if name.startswith(("CALLBOARD", "PYTEST", "LD_"))}


async def test_the_environment_of_other_processes_cannot_be_read(commands, canary):
    places = " ".join(f"/proc/{pid}/environ" for pid in (os.getpid(), os.getppid()))
    result = await sh(commands, f"cat {places} /proc/$PPID/environ /proc/1/environ /proc/*/environ")
    assert CANARY not in result.stdout


async def test_where_the_directories_of_commands_cannot_be_made_the_place_is_named(
    workspaces, workspace, tmp_path
):
    blocked = tmp_path / "state" / "temporary"
    blocked.touch()
    with pytest.raises(ConfigurationInvalid, match=rf"{blocked}.*: Not a directory"):
        await sh(workspace.commands, "true")
    blocked.unlink()
    assert (await sh(workspace.commands, "git config --list && test -w $TMPDIR")).exit_code == 0


async def test_the_rest_of_the_file_system_is_read_only_or_absent(commands, root):
    outside = root.with_name("outside.txt")
    outside.write_text(CANARY)
    attempts = (
        f"cat {outside}; echo x > {outside}; rm -f {outside}; mv {outside} here; ln {outside} hard;"
        f" ln -s {outside} soft; cat soft; echo x > soft; truncate -s 0 {outside};"
        " echo x > /usr/callboard-planted; echo x > /etc/callboard-planted; cat /etc/shadow; ls /root; ls /home"
    )
    result = await sh(commands, attempts)
    assert CANARY not in result.stdout
    assert outside.read_text() == CANARY
    assert not any(place.exists() for place in PLANTED)
    assert "root:" not in result.stdout


async def test_our_own_state_is_out_of_reach(commands, opened, root, tmp_path):
    (root / "file").write_text("x")
    await opened.snapshots.record(None)
    result = await sh(commands, f"find {tmp_path}/state/trees; rm -rf {tmp_path}/state/trees")
    assert "objects" not in result.stdout
    assert list((tmp_path / "state" / "trees").iterdir())


NO_NETWORK = """
import socket, sys
for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
                     (socket.AF_INET6, socket.SOCK_STREAM), (16, socket.SOCK_RAW), (17, socket.SOCK_RAW)):
    try:
        socket.socket(family, kind)
    except PermissionError:
        continue
    sys.exit(f"{family} {kind}")
one, other = socket.socketpair()
one.send(b"x")
print(other.recv(1))
"""


async def test_there_is_no_network(commands, root):
    (root / "network.py").write_text(NO_NETWORK)
    result = await sh(commands, "python network.py")
    assert (result.stdout, result.exit_code) == ("b'x'\n", 0)


async def test_a_listening_socket_of_the_host_cannot_be_reached(commands, root):
    place = root / "host.sock"
    accepted = []
    server = await asyncio.start_unix_server(lambda *streams: accepted.append(streams), place)
    async with server:
        script = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('../host.sock'); print('in')"
        place.rename(root.with_name("host.sock"))
        result = await sh(commands, f'python -c "{script}"')
    assert "in\n" not in result.stdout
    assert not accepted


async def test_host_processes_cannot_be_signalled(commands):
    other = await asyncio.create_subprocess_exec("sleep", "60")
    result = await sh(commands, f"kill -9 {other.pid} {os.getpid()}; kill -9 -1; echo $?")
    assert other.returncode is None
    other.kill()
    assert await other.wait() == -9
    assert result.timed_out is False


FORBIDDEN = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
calls = {"ptrace": 101, "keyctl": 250, "mount": 165, "unshare": 272, "setns": 308, "bpf": 321,
         "io_uring_setup": 425, "perf_event_open": 298, "userfaultfd": 323, "process_vm_readv": 310,
         "open_by_handle_at": 304, "chroot": 161, "pivot_root": 155, "add_key": 248}
for name, number in calls.items():
    ctypes.set_errno(0)
    outcome = libc.syscall(number, 0, 0, 0, 0, 0)
    if outcome != -1 or ctypes.get_errno() != errno.EPERM:
        print(name, outcome, ctypes.get_errno())
if libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) != -1:
    print("a new user namespace")
print("done")
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls by x86-64 number")
async def test_dangerous_system_calls_are_refused(commands, root):
    (root / "calls.py").write_text(FORBIDDEN)
    assert (await sh(commands, "python calls.py")).stdout == "done\n"


async def test_devices_cannot_be_made_and_setuid_programs_gain_nothing(commands, root):
    result = await sh(
        commands, "mknod disk b 8 0; mknod mem c 1 1; grep NoNewPrivs /proc/self/status"
    )
    assert not (root / "disk").exists()
    assert not (root / "mem").exists()
    assert "NoNewPrivs:\t0" not in result.stdout


async def test_the_python_in_use_and_its_tools_work(commands):
    result = await sh(commands, "python -m pytest --version && git --version")
    assert result.exit_code == 0
    assert "pytest" in result.stdout


async def test_home_and_temporary_directory_are_private_and_removed(opened, commands, tmp_path):
    result = await sh(
        commands, 'echo x > "$TMPDIR/t"; echo x > ~/h; stat -c %a "$TMPDIR" ~; mktemp'
    )
    assert result.exit_code == 0
    assert result.stdout.startswith("700\n700\n")
    assert list((tmp_path / "state" / "temporary").iterdir())
    await opened.close()
    assert not list((tmp_path / "state" / "temporary").iterdir())


async def test_closing_ends_background_commands_and_their_daemons(opened, commands):
    marker = unique_marker()
    await commands.start(CommandRequest(f"(setsid sleep {marker} &) ; touch up; sleep {marker}"))
    assert (await sh(commands, "until [ -e up ]; do :; done")).exit_code == 0
    assert running(marker)
    await opened.close()
    assert not running(marker)


async def test_open_files_and_file_sizes_are_bounded(commands, root):
    many = "import os\ntry:\n  while True: os.dup(1)\nexcept OSError as e: print(e.errno)"
    (root / "many.py").write_text(many)
    result = await sh(commands, "python many.py; ulimit -c; ulimit -f")
    assert result.stdout.startswith("24\n0\n")
    assert "unlimited" not in result.stdout


async def test_a_memory_hog_fails_alone(commands):
    result = await sh(commands, "python -c 'bytearray(20 << 30)'")
    assert result.exit_code != 0
    assert "MemoryError" in result.stderr


async def test_a_swarm_of_processes_is_gone_after_the_timeout(commands):
    marker = unique_marker()
    swarm = f"for i in $(seq 200); do (setsid sh -c 'sleep {marker}' &) ; done; sleep 600"
    result = await sh(commands, swarm, timeout_s=3)
    assert result.timed_out
    assert not running(marker)


async def test_without_any_confinement_commands_fail_closed_and_say_how_to_opt_out(tmp_path, root):
    workspaces = open_workspaces(tmp_path / "state", kinds=())
    workspace = await workspaces.open(str(root))
    with pytest.raises(SandboxUnavailable, match="CALLBOARD_SANDBOX=off"):
        await workspace.commands.run(CommandRequest("touch ran"))
    assert not (root / "ran").exists()
    await workspace.close()


async def test_an_explicit_opt_out_runs_commands_still_without_our_environment(
    tmp_path, root, canary
):
    workspaces = open_workspaces(tmp_path / "state", mode="off", kinds=())
    workspace = await workspaces.open(str(root))
    marker = unique_marker()
    result = await workspace.commands.run(CommandRequest(f"env; (setsid sleep {marker} &)"))
    assert result.exit_code == 0
    assert CANARY not in result.stdout
    assert not running(marker)
    await workspace.close()
