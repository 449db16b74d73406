"""Programs in Python: a module's text that defines `handle_steps`."""

import inspect
import json
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar, cast

from callboard.sandbox.programs.worker import bundle, chance
from callboard.sandbox.programs.worker.faults import Fault, readable
from callboard.sandbox.programs.worker.importing import PLACE, Folder
from callboard.sandbox.programs.worker.logs import Logs
from callboard.sandbox.programs.worker.plain import as_json, shown
from callboard.sandbox.programs.worker.record import Record, snake
from callboard.steps import yielded

NAMES: Final = ("handle_steps", "handleSteps")
_GIVEN: Final = ("agent_state", "prompt", "params", "logger", "model")
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

T = TypeVar("T")
Sequel = Generator[object, object, object]


class Logger:
    """What a program logs with: `data` is any JSON value, `message` a text beside it."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def debug(self, data: object = None, message: object = "") -> None:
        """Log what only its author needs."""
        self._logs.add("debug", data, message)

    def info(self, data: object = None, message: object = "") -> None:
        """Log what happened."""
        self._logs.add("info", data, message)

    def warn(self, data: object = None, message: object = "") -> None:
        """Log what may be wrong."""
        self._logs.add("warn", data, message)

    def error(self, data: object = None, message: object = "") -> None:
        """Log what is wrong."""
        self._logs.add("error", data, message)

    warning = warn

    def printed(self, *values: object, sep: str | None = " ", **_: object) -> None:
        """Stand in for `print`."""
        self._logs.add("info", (" " if sep is None else sep).join(map(str, values)), "")


class PythonSteps:
    """See `serve.Steps`."""

    def __init__(self, text: str, context: dict[str, Any], most_lines: int) -> None:
        self._logs = Logs(most_lines)
        logger = Logger(self._logs)
        self._generator = guarded(lambda: _begun(text, _context(context, logger), logger))
        self._begun = False

    def advance(self, resume: dict[str, Any] | None, now: int) -> str:
        """See `serve.Steps`."""
        chance.set_clock(now)
        done, value = guarded(lambda: self._sent(resume))
        logs = json.dumps(self._logs.take())
        return f'"done":{"true" if done else "false"},"value":{value},"logs":{logs}'

    def _sent(self, resume: dict[str, Any] | None) -> tuple[bool, str]:
        given = _with_state(resume) if self._begun and resume is not None else None
        self._begun = True
        try:
            value = self._generator.send(given)
        except StopIteration as end:
            return True, as_json(end.value, "handle_steps returned")
        return False, as_json(yielded(value), "handle_steps yielded")


def guarded(attempt: Callable[[], T]) -> T:
    """Run code of the program's.

    Raises:
        Fault: it raised anything at all.
        MemoryError: as it is.
    """
    try:
        return attempt()
    except (Fault, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and its like are failures too
        raise Fault(_told(error)) from None


def _told(error: BaseException) -> str:
    try:
        text = readable(str(error))
    except Exception:  # noqa: BLE001 - the program's own __str__
        text = "(its message cannot be shown)"
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(PLACE):
            line = trace.tb_lineno
        trace = trace.tb_next
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{named} (line {line})" if line else named


def _begun(text: str, context: Record, logger: Logger) -> Sequel:
    entry, files = bundle.opened(text)
    names = Folder(files, logger.printed).run(text, entry)
    function = next((names[name] for name in NAMES if name in names), None)
    if not callable(function):
        raise Fault("the text defines no function `handle_steps`")
    if inspect.isasyncgenfunction(function) or inspect.iscoroutinefunction(function):
        raise Fault(
            "handle_steps is `async def`; it has to be a plain generator: `def` with `yield`"
        )
    generator: object = _called(function, context)
    if not isinstance(generator, Generator):
        raise Fault(
            f"handle_steps has to be a generator: it has no `yield`, and gave {shown(generator)}"
        )
    return cast("Sequel", generator)


def _called(function: Callable[..., object], context: Record) -> object:
    """Call with the mapping, or with as many of its members as the function names."""
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) == 1 and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        return function(context)
    named: dict[str, object] = {}
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            named |= {name: context[name] for name in _GIVEN if name not in named}
        elif parameter.kind in _BY_NAME and snake(parameter.name) in _GIVEN:
            named[parameter.name] = context[parameter.name]
        elif parameter.default is inspect.Parameter.empty and parameter.kind in _BY_NAME:
            raise Fault(
                f"handle_steps asks for `{parameter.name}`; it can have one parameter for everything, or "
                f"{', '.join(_GIVEN)} by name"
            )
    return function(**named)


def _context(context: dict[str, Any], logger: Logger) -> Record:
    return Record(
        {
            "agentState": Record(context.get("agentState") or {}),
            "prompt": context.get("prompt"),
            "params": context.get("params"),
            "logger": logger,
            "model": context.get("model"),
        }
    )


def _with_state(resume: dict[str, Any]) -> Record:
    return Record({**resume, "agentState": Record(resume.get("agentState") or {})})
