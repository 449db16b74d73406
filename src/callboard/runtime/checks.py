"""Making the checks that need the world: commands, files, numbers and addresses."""

from dataclasses import dataclass
from typing import assert_never

from callboard.domain.errors import CallboardError, StoreUnavailable
from callboard.domain.evidence import (
    Check,
    CommandCheck,
    DiffCheck,
    FileCheck,
    HttpCheck,
    NumberCheck,
    OutputCheck,
    PersonCheck,
)
from callboard.engine.tasks.evidence import Found, judge_number, judge_text, number_in
from callboard.ports.web import Fetched, Fetcher, WebFailed
from callboard.ports.workspace import CommandRequest, CommandResult, FileRefused, Workspace

_MOST_BYTES = 4_000_000
_TAIL_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class Made:
    """What a check came to, as it is recorded."""

    passed: bool
    output: str
    exit_code: int | None = None


async def made_check(check: Check, workspace: Workspace, fetcher: Fetcher | None) -> Made:
    """Make a check in a workspace."""
    match check:
        case CommandCheck():
            return await _command(check, workspace)
        case FileCheck():
            return _made(_file(check, workspace))
        case NumberCheck():
            return await _number(check, workspace)
        case HttpCheck():
            return _made(await _http(check, fetcher))
        case DiffCheck() | OutputCheck() | PersonCheck():
            raise RuntimeError(f"a check of kind {check.kind} is judged from the log")
        case _:
            assert_never(check)


def _made(found: Found) -> Made:
    return Made(found.passed, found.text)


async def _command(check: CommandCheck, workspace: Workspace) -> Made:
    result = await _ran(workspace, check.command, check.timeout_s)
    passed = not result.timed_out and result.exit_code == check.expect_exit
    return Made(passed, _tail(result), None if result.timed_out else result.exit_code)


async def _ran(workspace: Workspace, command: str, timeout_s: float) -> CommandResult:
    try:
        return await workspace.commands.run(CommandRequest(command, timeout_s=timeout_s))
    except StoreUnavailable:
        raise  # nothing is known of what was to be checked: later it may be
    except CallboardError as error:
        return CommandResult(exit_code=None, stdout="", stderr=str(error), timed_out=True)


def _read(workspace: Workspace, path: str) -> str | None:
    try:
        return workspace.files.read(path, max_bytes=_MOST_BYTES).decode("utf-8", "replace")
    except FileRefused:
        return None


def _file(check: FileCheck, workspace: Workspace) -> Found:
    text = _read(workspace, check.path)
    if check.absent:
        return Found(text is None, "it is there" if text is not None else "it is absent")
    if text is None:
        return Found(passed=False, text="it is not there, or cannot be read")
    return judge_text(check, text)


async def _number(check: NumberCheck, workspace: Workspace) -> Made:
    code: int | None = None
    if check.command is not None:
        result = await _ran(workspace, check.command, check.timeout_s)
        if result.timed_out or result.exit_code != 0:
            return Made(passed=False, output=_tail(result), exit_code=result.exit_code)
        text, code = f"{result.stdout}\n{result.stderr}", result.exit_code
    else:
        text = _read(workspace, check.path or "") or ""
    value = number_in(text, check.line)
    if value is None:
        return Made(passed=False, output=f"no line fits {check.line}\n{text[-_TAIL_CHARS:]}")
    found = judge_number(value, check.minimum, check.maximum)
    return Made(found.passed, found.text, code)


async def _http(check: HttpCheck, fetcher: Fetcher | None) -> Found:
    if fetcher is None:
        return Found(passed=False, text="this deployment reaches no addresses")
    try:
        page = await fetcher.fetch(check.url, max_bytes=_MOST_BYTES, timeout_s=check.timeout_s)
    except WebFailed as error:
        return Found(passed=False, text=str(error))
    if page.status != check.status:
        return Found(passed=False, text=f"it answered {page.status}")
    text = _text(page)
    if check.contains is not None and check.contains not in text:
        return Found(passed=False, text=f"the answer does not contain {check.contains!r}")
    return Found(passed=True, text=f"it answered {page.status}")


def _text(page: Fetched) -> str:
    try:
        return page.body.decode(page.charset or "utf-8", "replace")
    except LookupError:  # the server named an encoding that there is none of
        return page.body.decode("utf-8", "replace")


def _tail(result: CommandResult) -> str:
    text = "\n".join(part for part in (result.stdout, result.stderr) if part)
    return text if len(text) <= _TAIL_CHARS else f"…{text[-_TAIL_CHARS:]}"
