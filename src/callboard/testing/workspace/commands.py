"""What every `Commands` does. Subclass, and give the fixtures `root` and `commands`.

The tests need anyio's pytest plugin. `root` is a directory of a user that may read the process list.
"""

# ruff: noqa: D102 - the names of the tests are their sentences

import asyncio
import secrets
from pathlib import Path

import pytest

from callboard.ports.workspace import CommandRequest, CommandResult, Commands, FileRefused

LONG_ENOUGH_S = 20.0


async def sh(commands: Commands, command: str, timeout_s: float = LONG_ENOUGH_S) -> CommandResult:
    """Run a shell command."""
    return await commands.run(CommandRequest(command, timeout_s=timeout_s))


def running(marker: str) -> list[str]:
    """Return the ids of processes that carry a marker in their arguments."""
    found: list[str] = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in place.read_bytes():
                found.append(place.parent.name)
        except OSError:
            continue
    return found


class CommandsContract:
    """The behaviour of `callboard.ports.workspace.Commands`."""

    async def test_returns_output_and_exit_code(self, commands: Commands) -> None:
        result = await sh(commands, "echo out; echo err >&2; exit 3")
        assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)

    async def test_runs_in_the_directory_asked_for(self, commands: Commands, root: Path) -> None:
        (root / "sub").mkdir()
        result = await commands.run(CommandRequest("pwd", cwd="sub"))
        assert result.stdout == f"{root}/sub\n"

    @pytest.mark.parametrize("cwd", ["..", "/etc", "nope", "nul\0", "link"])
    async def test_refuses_directories_elsewhere(
        self, commands: Commands, root: Path, cwd: str
    ) -> None:
        (root / "link").symlink_to("/etc")
        with pytest.raises(FileRefused):
            await commands.run(CommandRequest("pwd", cwd=cwd))

    async def test_takes_separate_arguments_without_a_shell(self, commands: Commands) -> None:
        request = CommandRequest("", argv=("printf", "%s", "$HOME; exit 1"))
        assert (await commands.run(request)).stdout == "$HOME; exit 1"

    async def test_gets_no_input(self, commands: Commands) -> None:
        assert (await sh(commands, "cat; echo done")).stdout == "done\n"

    async def test_a_timeout_ends_the_command(self, commands: Commands) -> None:
        result = await sh(commands, "echo begun; sleep 600", timeout_s=0.5)
        assert (result.timed_out, result.exit_code, result.stdout) == (True, None, "begun\n")

    async def test_endless_output_is_bounded_at_both_ends(self, commands: Commands) -> None:
        result = await sh(commands, "echo first; yes | head -c 50000000; echo last")
        assert result.stdout.startswith("first\n")
        assert result.stdout.endswith("last\n")
        assert "left out" in result.stdout
        assert len(result.stdout) < 110_000

    async def test_output_without_end_is_cut_off_by_the_timeout(self, commands: Commands) -> None:
        result = await sh(commands, "yes", timeout_s=0.5)
        assert result.timed_out
        assert len(result.stdout) < 110_000

    async def test_terminal_escapes_and_controls_are_stripped(self, commands: Commands) -> None:
        result = await sh(
            commands, r"printf '\033[31mred\033[0m \033]52;c;aGk=\007clip \001\177\377\r\nend'"
        )
        assert result.stdout == "red clip \N{REPLACEMENT CHARACTER}\nend"

    async def test_what_a_command_leaves_behind_is_ended_with_it(self, commands: Commands) -> None:
        marker = f"98{secrets.randbelow(10**9)}"
        daemon = f"(setsid sh -c 'sleep {marker} & sleep {marker}' &) ; sleep {marker} & echo ok"
        assert (await sh(commands, daemon)).stdout == "ok\n"
        assert running(marker) == []

    async def test_a_timeout_ends_daemons_too(self, commands: Commands) -> None:
        marker = f"98{secrets.randbelow(10**9)}"
        command = f"setsid sh -c 'sleep {marker} & sleep {marker}' & sleep {marker}"
        assert (await sh(commands, command, timeout_s=0.5)).timed_out
        assert running(marker) == []

    async def test_a_cancellation_ends_everything(self, commands: Commands, root: Path) -> None:
        marker = f"98{secrets.randbelow(10**9)}"
        command = f"touch begun; setsid sleep {marker} & sleep {marker}"
        task = asyncio.create_task(sh(commands, command))
        async with asyncio.timeout(LONG_ENOUGH_S):
            while not (root / "begun").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert running(marker) == []

    async def test_two_commands_run_side_by_side(self, commands: Commands) -> None:
        meeting = "touch {own}; until [ -e {other} ]; do :; done"
        results = await asyncio.gather(
            sh(commands, meeting.format(own="one", other="two")),
            sh(commands, meeting.format(own="two", other="one")),
        )
        assert [result.exit_code for result in results] == [0, 0]

    async def test_a_background_command_writes_a_log_that_others_can_read(
        self, commands: Commands
    ) -> None:
        name = await commands.start(CommandRequest("echo started; sleep 600"))
        reading = (
            f'until grep -q started "$TMPDIR/{name}.log"; do :; done; cat "$TMPDIR/{name}.log"'
        )
        assert (await sh(commands, reading)).stdout == "started\n"

    async def test_searches_with_ripgrep(self, commands: Commands, root: Path) -> None:
        (root / "file.txt").write_text("a needle\n")
        found = await commands.search(["needle", "."], cwd=".", timeout_s=LONG_ENOUGH_S)
        assert (found.stdout, found.exit_code) == ("./file.txt:a needle\n", 0)
