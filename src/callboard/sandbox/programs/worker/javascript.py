"""Programs in JavaScript: the text of a generator function expression, run by QuickJS."""

import json
from pathlib import Path
from typing import Any, Final, Protocol, cast

import _quickjs  # not `quickjs`, which starts a thread

from callboard.sandbox.programs.worker import chance
from callboard.sandbox.programs.worker.faults import Fault, readable
from callboard.sandbox.programs.worker.plain import well_formed

_REALM: Final = Path(__file__).with_name("realm.js").read_text(encoding="utf-8")
_STACK: Final = 1 << 20
_OUT_OF_MEMORY: Final = "InternalError: out of memory"

Answer = dict[str, Any]


class _Call(Protocol):
    def __call__(self, *given: object) -> Any: ...


class _Context(Protocol):
    def eval(self, code: str, /) -> object: ...
    def set_memory_limit(self, size: int, /) -> None: ...
    def set_max_stack_size(self, size: int, /) -> None: ...


class _Engine(Protocol):
    JSException: type[Exception]
    StackOverflow: type[Exception]

    def Context(self) -> _Context: ...  # noqa: N802 - the engine's name


_ENGINE: Final = cast("_Engine", _quickjs)


class Realm:
    """A QuickJS context in which clock, dice and console are ours."""

    def __init__(self) -> None:
        self._context = _ENGINE.Context()
        self._context.set_max_stack_size(_STACK)
        self._call = cast("_Call", self._context.eval(_REALM))

    def prepare(self, most_lines: int, *, seed: str, memory: int) -> "Realm":
        """Set what differs from program to program."""
        # The process may have as much: what is left is for texts on their way in and out.
        self._context.set_memory_limit(memory * 3 // 4)
        self.ask("prepare", most_lines, json.dumps(chance.words(seed)))
        return self

    def ask(self, name: str, *given: object) -> str:
        """Call a function of the realm; return its answer, the JSON text of an object.

        Raises:
            Fault: the program threw.
        """
        try:
            answer = self._call(name, *given)
        except (_ENGINE.JSException, _ENGINE.StackOverflow, ValueError, TypeError) as error:
            raise _fault(str(error).partition("\n    at ")[0].strip()) from None
        if not isinstance(answer, str):
            raise Fault("it gave no answer")
        text = _unescaped(answer) if "\\ud" in answer else answer
        if text.startswith('{"fault":'):
            told: Answer = json.loads(text)
            raise _fault(told["fault"])
        return text


FRESH: Final = Realm()
"""Made in the zygote, so that no worker has to; each worker runs one program, and so has one use for it."""


class JavaScriptSteps:
    """See `serve.Steps`."""

    def __init__(self, text: str, context: dict[str, Any], realm: Realm) -> None:
        self._realm = realm
        realm.ask("start", text, json.dumps(context))

    def advance(self, resume: dict[str, Any] | None, now: int) -> str:
        """See `serve.Steps`."""
        given = "" if resume is None else json.dumps(resume)
        return self._realm.ask("advance", float(now // 1000), given)[1:-1]


def _fault(message: str) -> Fault:
    if _OUT_OF_MEMORY in message:
        return Fault("it needs more memory than it may have", "memory")
    return Fault(readable(message))


def _unescaped(text: str) -> str:
    """Replace halves of surrogate pairs, which the engine writes as escapes."""
    return well_formed(json.dumps(json.loads(text), ensure_ascii=False))
