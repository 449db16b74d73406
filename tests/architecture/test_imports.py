"""What starting costs, as structure: which packages are loaded, not how long it took."""

import subprocess
import sys

import pytest

from .sources import ROOT

HEAVY = {
    "aiohttp",
    "alembic",
    "asyncio",
    "genai_prices",
    "jsonschema_rs",
    "orjson",
    "pathspec",
    "playwright",
    "pydantic",
    "pydantic_ai",
    "rapidfuzz",
    "rich",
    "sqlalchemy",
    "trafilatura",
    "yaml",
    "yarl",
}
_REPORT = """
import sys
sys.stderr.write("loaded " + " ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
_COMMAND = """
import sys
sys.argv = ["callboard", *{arguments!r}]
from callboard.cli.main import main
try:
    main()
except SystemExit:
    pass
"""


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + _REPORT],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(done.stderr.rpartition("loaded ")[2].split())


def test_importing_the_package_loads_nothing_else():
    loaded = loaded_by("import callboard") - loaded_by("")
    assert loaded - set(sys.stdlib_module_names) == {"callboard"}
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_front_page_of_the_command_loads_nothing_heavy(arguments):
    assert loaded_by(_COMMAND.format(arguments=arguments)) & HEAVY == set()


def test_looking_at_definitions_loads_no_network_and_no_database():
    folder = str(ROOT / "src" / "callboard" / "definitions" / "templates" / "agents")
    loaded = loaded_by(_COMMAND.format(arguments=["agents", "validate", folder]))
    assert loaded & {"aiohttp", "sqlalchemy", "alembic", "genai_prices"} == set()


def test_the_web_is_loaded_only_when_a_tool_uses_it():
    made = "from callboard.web_access.on_demand import WebOnDemand, WebOptions"
    asked = "WebOnDemand(WebOptions(allow=('localhost',))).has_browser"
    loaded = loaded_by(f"{made}\n{asked}\n")
    assert loaded & {"aiohttp", "playwright", "trafilatura", "yarl", "sqlite3"} == set()


def test_the_domain_and_the_engine_load_no_adapters_libraries():
    loaded = loaded_by("import callboard.engine.decide, callboard.engine.tasks.decide")
    assert loaded & (HEAVY - {"pydantic"}) == set()
