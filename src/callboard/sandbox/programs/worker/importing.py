"""What `import` finds for a Python program: pure modules, `callboard`, and the files of its own folder."""

import builtins
import importlib
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any, Final

from callboard import steps
from callboard.sandbox.programs.worker import authoring
from callboard.sandbox.programs.worker.allowed import IMPORTABLE, ROOTS

PLACE: Final = "agents/"
"""Where programs pretend to come from, in tracebacks."""

_FOLDER: Final = "agents"
"""The package that the folder's files are modules of: apart from modules of the worker's own."""

_OWN: Final = {"callboard": authoring, "callboard.steps": steps}

Names = dict[str, Any]


class Folder(MetaPathFinder, Loader):
    """Modules from texts by path. Each gets `builtins`, so that its imports come here as well."""

    def __init__(self, files: Mapping[str, str], output: Callable[..., None]) -> None:
        self._files = files
        self.builtins: Names = {
            **vars(builtins),
            "__import__": self._import,
            "print": output,
            "input": None,
            "open": _open,
        }

    def run(self, text: str, path: str) -> Names:
        """Run a program's own file as a module; return its globals."""
        sys.meta_path.insert(0, self)
        name = self._dotted(path)
        module = sys.modules[name] = types.ModuleType(name)
        is_package = path.endswith("__init__.py")
        names = vars(module)
        names["__package__"] = name if is_package else name.rpartition(".")[0]
        names["__builtins__"] = self.builtins
        _run(text, PLACE + path, names)
        return names

    def _dotted(self, path: str) -> str:
        return ".".join([_FOLDER, *path.removesuffix(".py").removesuffix("/__init__").split("/")])

    def path_of(self, name: str) -> str | None:
        """Return the file that a module of the folder comes from."""
        stem = name.removeprefix(_FOLDER).lstrip(".").replace(".", "/")
        places = (f"{stem}.py", f"{stem}/__init__.py".lstrip("/"))
        return next((place for place in places if place in self._files), None)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        del path, target
        if fullname.partition(".")[0] != _FOLDER:
            return None
        place = self.path_of(fullname)
        if place is None and not self._is_directory(fullname):
            return None
        is_package = place is None or place.endswith("__init__.py")
        return ModuleSpec(fullname, self, origin=place, is_package=is_package)

    def _is_directory(self, name: str) -> bool:
        prefix = "/".join([*name.split(".")[1:], ""]).lstrip("/")
        return any(path.startswith(prefix) for path in self._files)

    def exec_module(self, module: types.ModuleType) -> None:
        """See `importlib.abc.Loader`."""
        place = self.path_of(module.__name__)
        vars(module)["__builtins__"] = self.builtins
        if place is not None:
            _run(self._files[place], PLACE + place, vars(module))

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the protocol's name
        locals: Mapping[str, object] | None = None,  # noqa: A002 - the protocol's name
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        wanted = fromlist or ()
        if level > 0:
            return builtins.__import__(name, globals, locals, wanted, level)
        if name in _OWN:
            return _OWN[name if wanted else "callboard"]
        if name in IMPORTABLE or name in ROOTS:
            return builtins.__import__(name, globals, locals, wanted, 0)
        inside = f"{_FOLDER}.{name}"
        if self.find_spec(inside, None) is None:
            raise _refusal(name)
        module = importlib.import_module(inside)
        for part in wanted:
            if not hasattr(module, part) and self.find_spec(f"{inside}.{part}", None) is not None:
                importlib.import_module(f"{inside}.{part}")
        return module if wanted else sys.modules[f"{_FOLDER}.{name.partition('.')[0]}"]


def _run(text: str, path: str, names: Names) -> None:
    exec(compile(text, path, "exec", dont_inherit=True), names)  # noqa: S102 - confined, the point


def _refusal(name: str) -> ImportError:
    return ImportError(
        f"{name} cannot be imported here: neither a file of the definitions' folder nor one of "
        f"callboard, {', '.join(IMPORTABLE)}",
        name=name,
    )


def _open(file: object, *_: object, **__: object) -> None:
    raise PermissionError(
        f"open({file!r}): a definition's code cannot read or write files; yield a tool call for that"
    )
