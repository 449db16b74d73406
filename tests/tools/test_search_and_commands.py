import pytest

from callboard.ports.tools import ArgumentsInvalid
from callboard.sandbox.workspaces import open_workspaces
from callboard.tools.code_search.flags import FlagsRefused, parse

pytestmark = pytest.mark.anyio


async def test_lines_come_with_path_and_number(call, root):
    (root / "a.py").write_text("one\nneedle\n")
    (root / "sub").mkdir()
    (root / "sub" / "b.py").write_text("needle too\n")
    value, _ = await call("code_search", {"pattern": "needle"})
    assert value == {"stdout": "a.py:2:needle\nsub/b.py:1:needle too", "exitCode": 0}
    value, _ = await call("code_search", {"pattern": "needle", "cwd": "sub"})
    assert value["stdout"] == "sub/b.py:1:needle too"
    value, _ = await call("code_search", {"pattern": "NEEDLE", "flags": "-i -l"})
    assert value["stdout"] == "a.py\nsub/b.py"
    value, failed = await call("code_search", {"pattern": "nothing"})
    assert (value, failed) == ({"stdout": "", "exitCode": 1}, False)


@pytest.mark.parametrize("flags", ["--hidden -g key -g .env -g .git", "-g '*'", "--hidden"])
async def test_ignored_files_and_secrets_are_not_found_whatever_the_flags(call, root, flags):
    (root / ".gitignore").write_text("key\n")
    (root / ".git").mkdir()
    for name in ("key", ".env", ".git/config"):
        (root / name).write_text("needle\n")
    value, _ = await call("code_search", {"pattern": "needle", "flags": flags})
    assert value["stdout"] == ""


async def test_links_are_not_followed_out_of_the_project(call, root):
    secret = root.with_name("secret.txt")
    secret.write_text("needle\n")
    (root / "link.txt").symlink_to(secret)
    (root / "up").symlink_to("..")
    value, _ = await call("code_search", {"pattern": "needle"})
    assert value["stdout"] == ""
    value, failed = await call("code_search", {"pattern": "needle", "cwd": "../"})
    assert failed
    assert value["errorMessage"] == ("Invalid cwd: Path '../' is outside the project directory.")


async def test_limits_per_file_and_in_all_are_told(call, root):
    (root / "many.txt").write_text("needle\n" * 40)
    value, _ = await call("code_search", {"pattern": "needle"})
    assert value["stdout"].count("many.txt:") == 16
    assert "many.txt: limited to 15 results per file" in value["stdout"]
    for number in range(40):
        (root / f"{number}.txt").write_text("needle\n" * 10)
    value, _ = await call("code_search", {"pattern": "needle"})
    assert value["message"] == "Stopped early after 250 match(es)."
    assert "[Global limit of 250 results reached.]" in value["stdout"]


async def test_a_broken_pattern_is_a_failure_with_ripgrep_s_reason(call):
    value, failed = await call("code_search", {"pattern": "("})
    assert failed
    assert "unclosed group" in value["errorMessage"]


@pytest.mark.parametrize(
    "flags",
    [
        *("--pre=sh", "--pre sh", "-f x", "--file=x", "-z", "--search-zip", "-L", "--follow", "-u"),
        *("--hostname-bin=x", "--no-ignore", "-uuu", "--ignore-file=x", "--json", "-e x", "word"),
        *("--", "--type-add=x:y", "-ifx", "'unclosed", "-g"),
    ],
)
async def test_flags_that_run_read_or_reveal_more_are_refused(flags):
    with pytest.raises(FlagsRefused):
        parse(flags)


async def test_flags_in_all_their_spellings_are_understood():
    assert parse("-inw -C3 -g '*.py' --glob=!x -t=py --color never -A 2") == [
        *("--ignore-case", "--word-regexp", "--context=3", "--glob=*.py", "--glob=!x"),
        *("--type=py", "--after-context=2"),
    ]


async def test_a_command_s_exit_code_is_no_failure(call):
    value, failed = await call(
        "run_terminal_command", {"command": "echo out; echo err >&2; exit 3"}
    )
    assert not failed
    assert value == {
        "command": "echo out; echo err >&2; exit 3",
        "stdout": "out\n",
        "stderr": "err\n",
        "exitCode": 3,
    }


async def test_a_timeout_is_told(call):
    value, failed = await call(
        "run_terminal_command", {"command": "echo a; sleep 60", "timeout_seconds": 0.5}
    )
    assert not failed
    assert (value["exitCode"], value["stdout"]) == (124, "a\n")
    assert value["message"] == "Command timed out after 0.5 seconds and was terminated."


async def test_a_background_command_returns_at_once(call):
    value, _ = await call(
        "run_terminal_command", {"command": "sleep 600", "process_type": "BACKGROUND"}
    )
    assert value["backgroundProcessStatus"] == "running"
    assert value["processId"].startswith("process-")


async def test_what_no_shell_can_take_is_a_failure(call):
    assert (await call("run_terminal_command", {"command": "x\0y"}))[1]
    with pytest.raises(ArgumentsInvalid, match="command"):
        await call("run_terminal_command", {"command": "\ud800"})


async def test_a_directory_elsewhere_is_a_failure(call):
    value, failed = await call("run_terminal_command", {"command": "pwd", "cwd": "/etc"})
    assert failed
    assert value["errorMessage"].startswith("Invalid cwd:")


class TestWithoutConfinement:
    @pytest.fixture
    async def workspace(self, tmp_path, root, anyio_backend):
        opened = await open_workspaces(tmp_path / "state", kinds=()).open(str(root))
        yield opened
        await opened.close()

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [("run_terminal_command", {"command": "touch ran"}), ("code_search", {"pattern": "x"})],
    )
    async def test_tools_fail_closed_with_a_named_error(self, call, root, name, arguments):
        value, failed = await call(name, arguments)
        assert failed
        assert value["code"] == "sandbox_unavailable"
        assert "CALLBOARD_SANDBOX=off" in value["errorMessage"]
        assert not (root / "ran").exists()
