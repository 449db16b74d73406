"""A disk that is full or read-only, through the installed command, whoever runs it."""

import os
import subprocess

import pytest

from tests.cli.shell import COMMAND, TIMEOUT_S, call, calls, command, say

from .disk import OWN_MOUNTS, Disk, can_mount

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not can_mount(), reason="no disk can be mounted here"),
]

LARGE = "a long answer " * 60_000
"""More than what is left on the disks of these tests."""


@pytest.fixture
def disk(shell, model):
    shell.agent(toolNames=["list_directory", "end_turn"])
    mounted = Disk(shell)
    yield mounted
    mounted.close()


def refused(done, *words):
    """One message that names the place and the way out, and exit code 2."""
    assert done.code == 2
    assert all(word in done.err for word in words), done.err
    assert done.err.count("callboard: ") == 1


def stopped_by_a_full_disk(disk, model):
    """A run whose second answer had no room any more."""
    disk.leave_free(300)
    look = calls(call("list_directory", path="."), cost_usd="0.5")
    model.will(look, say(LARGE, cost_usd="0.25"))
    return disk("run", "helper", "--json", "--run-id", "r")


def test_a_disk_that_fills_up_under_a_run_stops_it_by_name_and_keeps_what_was_recorded(
    disk, model, shell
):
    stopped = stopped_by_a_full_disk(disk, model)
    refused(stopped, str(shell.home / "callboard.db"), "disk is full", "callboard runs resume")
    assert "tool_call.completed" in stopped.types
    shown = disk("runs", "show", "r", "--json")
    assert shown.out.startswith(stopped.out)
    assert disk("runs", "verify", "r").code == 0


def test_a_run_goes_on_when_the_disk_has_room_again_and_pays_no_recorded_call_twice(disk, model):
    stopped = stopped_by_a_full_disk(disk, model)
    asked = len(model.received)
    disk.mount_again("size=64m")
    model.will(say("Finished.", cost_usd="0.25"))
    resumed = disk("runs", "resume", "r", "--json")
    assert (resumed.code, resumed.types[-1]) == (0, "run.completed")
    assert len(model.received) == asked + 1
    assert disk("runs", "show", "r", "--json").out == stopped.out + resumed.out
    assert disk("runs", "verify", "r").code == 0


def test_files_for_which_there_is_no_room_stop_a_run_and_are_recorded_when_there_is(
    disk, model, shell
):
    (shell.workspace / "large.bin").write_bytes(os.urandom(2_000_000))
    shell.agent(toolNames=["write_file"])
    disk.leave_free(1_000)
    model.will(calls(call("write_file", path="a.txt", instructions="write", content="a")))
    stopped = disk("run", "helper", "--json", "--run-id", "r")
    refused(stopped, "Files cannot be recorded in", "No space left", "callboard runs resume")
    disk.mount_again("size=64m")
    model.will(say("Finished."))
    resumed = disk("runs", "resume", "r", "--json")
    assert (resumed.code, resumed.types[-1]) == (0, "run.completed")
    assert "files.changed" in stopped.types + resumed.types
    assert disk("runs", "verify", "r").code == 0


def test_a_disk_without_any_room_starts_nothing(disk, model, shell):
    disk.leave_free(0)
    refused(disk("run", "helper", "--run-id", "r"), str(shell.home))
    assert model.received == []
    disk.mount_again("size=64m")
    assert disk("runs", "list", "--json").out == "[]\n"
    model.will(say("Here."))
    assert disk("run", "helper", "--run-id", "r").out == "Here.\n"


@pytest.mark.parametrize("kilobytes", [50, 150, 250])
def test_a_disk_without_room_for_the_tables_is_named_and_they_are_made_when_there_is(
    disk, shell, kilobytes
):
    disk.do(f"rm -f {shell.home}/callboard.db*")
    disk.leave_free(kilobytes)
    refused(disk("runs", "list"), str(shell.home), "disk is full")
    disk.mount_again("size=64m")
    assert disk("runs", "list", "--json").out == "[]\n"


def test_a_copy_for_which_there_is_no_room_is_refused_by_its_own_name(disk):
    disk("runs", "list")
    disk.do("mount -t tmpfs -o size=64k none /mnt")
    refused(disk("db", "backup", "/mnt/copy.db"), "/mnt/copy.db: the disk is full", "more room")
    assert disk.do("ls /mnt") == ""


@pytest.mark.parametrize("command", [("run", "helper"), ("runs", "list"), ("inbox", "list")])
def test_a_read_only_home_is_named_to_anybody_who_needs_to_write_there(disk, model, shell, command):
    disk.mount_again("ro")
    refused(disk(*command), str(shell.home), "CALLBOARD_HOME")
    assert model.received == []


def test_a_read_only_database_is_named_and_the_run_goes_on_when_it_can_be_written(
    disk, model, shell
):
    stopped_by_a_full_disk(disk, model)
    disk.mount_again("size=64m")
    file = shell.home / "callboard.db"
    disk.do(f"mount --bind {file} {file} && mount -o remount,ro,bind {file}")
    refused(disk("runs", "resume", "r"), str(file), "CALLBOARD_HOME")
    disk.do(f"umount {file}")
    model.will(say("Finished."))
    assert disk("runs", "resume", "r").out == "Finished.\n"


NOWHERE_TO_PUT_FILES = """
mount --bind {place} /mnt
for temporary in /tmp /var/tmp /usr/tmp; do
    test ! -d $temporary || {{ mount --bind $temporary $temporary && mount -o remount,ro,bind $temporary; }}
done
cd /proc
exec {command} run helper --run-id r --json --workspace /mnt/{workspace}
"""


def test_commands_run_where_no_directory_takes_temporary_files(shell, model):
    shell.agent(toolNames=["run_terminal_command"])
    place = shell.home.parent
    script = NOWHERE_TO_PUT_FILES.format(
        place=place, command=COMMAND, workspace=shell.workspace.relative_to(place)
    )
    model.will(command("echo here"), say("Done."))
    done = subprocess.run(
        [*OWN_MOUNTS, "sh", "-ec", script],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=shell.environ(CALLBOARD_HOME=f"/mnt/{shell.home.relative_to(place)}"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '"stdout":"here' in done.stdout
