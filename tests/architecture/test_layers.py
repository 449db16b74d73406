"""The layers hold; what may import what is written down in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from .sources import ROOT, imported, modules

CORE = ("callboard.domain", "callboard.engine", "callboard.ports")


def test_every_import_contract_is_kept():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(linter), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_core_knows_pydantic_and_the_standard_library_only():
    outside = {
        name.partition(".")[0]
        for module in modules()
        if module.name.startswith(CORE)
        for name in imported(module)
    }
    assert outside - set(sys.stdlib_module_names) <= {"callboard", "pydantic", "pydantic_core"}


def test_the_pure_layers_never_wait():
    waiting = {
        module.name
        for module in modules()
        if module.name.startswith(CORE[:2])
        for name in imported(module)
        if name.partition(".")[0] in {"asyncio", "concurrent", "multiprocessing", "queue"}
    }
    assert waiting == set()


# Not the database: an index in memory, for one search, by SQLite's full text search.
SEARCHES_IN_MEMORY = "web_access/docs/index.py"

# Pages by the judged address, services by the configured one, and words for what went wrong with either.
SPEAKS_HTTP = {
    "web_access/egress/connector.py",
    "web_access/fetching/fetcher.py",
    "web_access/outgoing/webhooks.py",
    "web_access/services/call.py",
    "web_access/services/failures.py",
}


def test_only_the_sqlite_adapter_and_its_migrations_know_the_database():
    knowing = {
        module.path.partition("/")[0]
        for module in modules()
        for name in imported(module)
        if name.partition(".")[0] in {"sqlalchemy", "alembic", "sqlite3"}
        and module.path != SEARCHES_IN_MEMORY
    }
    assert knowing <= {"stores"}


def test_only_the_transport_and_the_web_speak_http():
    speaking = {
        module.path
        for module in modules()
        for name in imported(module)
        if name.partition(".")[0] in {"aiohttp", "httpx", "requests", "urllib3"}
        and module.path not in SPEAKS_HTTP
    }
    assert {path.split("/")[0] for path in speaking} <= {"providers", "testing"}
