"""Definition files in Python: run once, confined, for the definitions that they leave behind."""

import sys
from collections.abc import Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any, cast

from callboard.sandbox.programs.worker import bundle
from callboard.sandbox.programs.worker.faults import Fault
from callboard.sandbox.programs.worker.importing import Folder, Names
from callboard.sandbox.programs.worker.plain import as_json, shown
from callboard.sandbox.programs.worker.python import NAMES, guarded

_ONE, _SEVERAL = "definition", "definitions"


def definitions_of(files: Mapping[str, str], entry: str) -> str:
    """Return the definitions of a file as the JSON text of a list, empty for a module that has none.

    Raises:
        Fault: it cannot be run, or a definition is none.
    """
    return guarded(lambda: _definitions(files, entry))


def _definitions(files: Mapping[str, str], entry: str) -> str:
    names = Folder(files, lambda *_, **__: None).run(files[entry], entry)
    found = [_definition(raw, names, entry, files) for raw in _raw(names)]
    return as_json(found, "the file defines")


def _raw(names: Names) -> list[Any]:
    """Return what the module calls its definitions, those of modules that it imports left out."""
    several = names.get(_SEVERAL)
    if several is not None and not isinstance(several, list | tuple):
        raise Fault(f"`{_SEVERAL}` has to be a list of definitions, not {shown(several)}")
    found: list[Any] = [names[_ONE]] if names.get(_ONE) is not None else []
    found += [raw for raw in cast("Sequence[Any]", several or ()) if raw not in found]
    return [raw for raw in found if not _imported(raw)]


def _imported(raw: object) -> bool:
    own = [module for module in list(sys.modules.values()) if _of_folder(module)]
    return any(value is raw for module in own for value in vars(module).values())


def _of_folder(module: ModuleType) -> bool:
    return isinstance(getattr(module, "__loader__", None), Folder)


def _definition(
    raw: object, names: Names, entry: str, files: Mapping[str, str]
) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise Fault(f"a definition has to be a dict or an AgentDefinition, not {shown(raw)}")
    definition: dict[str, object] = {
        str(key): value for key, value in cast("dict[Any, Any]", raw).items()
    }
    brought = next((definition.pop(name) for name in NAMES if name in definition), None)
    if isinstance(brought, str):
        return {**definition, "handleSteps": brought}
    name = _name_of(brought, names)
    if name:
        text = files[entry]
        if name not in NAMES:
            text = f"{text.rstrip()}\n\nhandle_steps = {name}\n"
        definition["handleSteps"] = bundle.closed(text, entry, files)
    return definition


def _name_of(brought: object, names: Names) -> str:
    """Return the name of the function that a definition's program is, empty where it has none."""
    if brought is None:
        return next((name for name in NAMES if isinstance(names.get(name), FunctionType)), "")
    found = next((name for name, value in names.items() if value is brought), "")
    if not found:
        raise Fault("handle_steps has to be a function at the top level of the file")
    return found
