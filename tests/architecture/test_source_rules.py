"""Rules about the source that no linter of ours knows."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from .sources import Module, calls, imported, modules

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60

# Exceptions, each with its reason. These lists only ever get shorter.
MAY_CALL = {
    (
        "__init__.py",
        "import_module",
    ): "finds a public name's home in a fixed table when it is asked for",
    ("cli/commands.py", "import_module"): "loads a command from a fixed table of module names",
    (
        "sandbox/programs/worker/importing.py",
        "compile",
    ): "a definition's program, in the worker that is confined for it",
    (
        "sandbox/programs/worker/importing.py",
        "exec",
    ): "a definition's program, in the worker that is confined for it",
    (
        "sandbox/programs/worker/importing.py",
        "__import__",
    ): "stands in for `import` in such a program, after checking the name",
    (
        "sandbox/programs/worker/importing.py",
        "import_module",
    ): "loads a file of the definitions' folder from memory, in such a worker",
    (
        "sandbox/programs/worker/preload.py",
        "import_module",
    ): "loads fixed tables of modules before the first program comes",
    ("testing/programs.py", "exec"): "runs the text of a test, in tests of the engine",
}
MAY_IMPORT = {
    (
        "sandbox/commands/jail.py",
        "marshal",
    ): "writes what our own server is told, which starts in a tenth of json's time; reads none",
    (
        "sandbox/commands/lane.py",
        "marshal",
    ): "writes the command for a lane of that server; reads none",
    (
        "sandbox/commands/launcher/main.py",
        "marshal",
    ): "reads what comes over a socket that only the parent process holds",
    (
        "sandbox/commands/launcher/lane.py",
        "marshal",
    ): "reads what comes over a socket that only the caller holds",
}
MAY_READ_ENVIRONMENT = {
    "settings/__init__.py": "turns the environment into settings",
    "cli/process.py": "hands the environment over to settings",
}
EXECUTES_TEXT = {"eval", "exec", "compile", "__import__", "import_module"}
LOADS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "runpy"}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.path)
def test_a_module_is_short_enough_to_read(module: Module):
    assert len(module.text.splitlines()) <= LONGEST_MODULE


def test_functions_are_short_enough_to_read():
    too_long = [
        f"{module.path}: {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_module_imports_itself_by_a_detour():
    """Imports inside functions and for type checking count too: a hidden cycle is a cycle."""
    names = {module.name for module in modules()}
    packages = {module.name for module in modules() if module.is_package}
    graph = {
        module.name: {
            name for name in imported(module) if name in names - packages and name != module.name
        }
        for module in modules()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(f"import cycle: {' -> '.join(cycle.args[1])}")


def test_nothing_turns_text_into_running_code():
    found = {
        (module.path, name)
        for module in modules()
        for called, _ in calls(module)
        if (name := called.removeprefix("importlib.").removeprefix("builtins.")) in EXECUTES_TEXT
    }
    assert found == set(MAY_CALL)


def test_nothing_loads_objects_that_can_run_code():
    found = {
        (module.path, name.partition(".")[0])
        for module in modules()
        for name in imported(module)
        if name.partition(".")[0] in LOADS_OBJECTS
    }
    assert found == set(MAY_IMPORT)


def test_yaml_is_read_by_loaders_that_make_plain_data_only():
    dangerous = {"yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"}
    found = [
        f"{module.path}: {name}"
        for module in modules()
        for name, _ in calls(module)
        if name in dangerous
    ]
    assert found == []


def test_no_shell_is_started_on_a_text_of_ours():
    found = [
        f"{module.path}:{call.lineno}"
        for module in modules()
        for name, call in calls(module)
        if name in {"os.system", "os.popen", "asyncio.create_subprocess_shell"}
        or any(
            keyword.arg == "shell"
            and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            for keyword in call.keywords
        )
    ]
    assert found == []


def test_only_settings_and_the_command_line_know_the_environment():
    names = {"environ", "environb", "getenv", "putenv", "unsetenv", "get_exec_path"}
    readers = {
        module.path
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in names and _is_os(node.value))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(alias.name in names for alias in node.names)
        )
    }
    assert readers <= set(MAY_READ_ENVIRONMENT)


def _is_os(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "os"


def test_the_product_mentions_no_mocks():
    assert [module.path for module in modules() if "unittest.mock" in module.text] == []


def test_time_ids_and_chance_come_from_one_place():
    asked = {"time.time", "datetime.now", "datetime.utcnow", "datetime.datetime.now", "uuid.uuid4"}
    found = {
        f"{module.path}: {name}"
        for module in modules()
        if not module.path.startswith("sample/")  # a play: its dice fall the same way each time
        for name, _ in calls(module)
        if name in asked or name.startswith("random.")
    }
    assert found == {"runtime/system.py: datetime.now"}


def test_no_module_is_named_for_nothing():
    empty = {"utils", "util", "common", "helpers", "helper", "base", "misc", "types", "manager"}
    named = [module.path for module in modules() if module.name.rpartition(".")[2] in empty]
    assert named == []


def test_broad_excepts_are_few_and_each_says_why():
    found: list[str] = []
    for module in modules():
        lines = module.text.splitlines()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                line = lines[node.lineno - 1]
                raises_again = isinstance(node.body[-1], ast.Raise)
                if not raises_again and "noqa: BLE001 - " not in line:
                    found.append(f"{module.path}:{node.lineno}")
    assert found == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
