import json

import _quickjs
import pytest

from callboard.sandbox.programs.typescript.link import link

_SHOWN = "(value) => JSON.stringify(value, (_, it) => (typeof it === 'function' ? String(it) : it))"


def _run(files, entry="a.ts"):
    """Return what a folder's entry exports, with functions as their texts."""
    context = _quickjs.Context()
    context.set_memory_limit(64 << 20)
    context.set_time_limit(5)
    context.set("linked", link(files, entry))
    text = context.eval(f"({_SHOWN})((0, eval)(linked))")
    return None if text is None else json.loads(text)


@pytest.fixture
def run():
    return _run


@pytest.fixture
def value():
    """Give what the text of a TypeScript file exports."""
    return lambda text, **files: _run({"a.ts": text, **files})


@pytest.fixture
def refusal():
    """Give the message of a script that fails when it runs."""

    def refusal(files, entry="a.ts"):
        with pytest.raises(_quickjs.JSException) as failure:
            _run(files, entry)
        return str(failure.value).partition("\n")[0]

    return refusal
