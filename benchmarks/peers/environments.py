"""Where each peer lives: a virtual environment of its own with pinned versions, made by one command."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PLACE: Final = ROOT / "build" / "peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is measured. `environment` is the name of its requirements, empty: ours; `durable`: a run that was killed can
    be gone on with.
    """

    name: str
    environment: str
    runner: str
    arguments: tuple[str, ...] = ()
    durable: bool = False

    @property
    def python(self) -> Path:
        """The interpreter that it runs in."""
        return _python(self.environment) if self.environment else Path(sys.executable)

    @property
    def command(self) -> list[str]:
        """What starts its runner, up to the server's address and the directory of its files."""
        return [str(self.python), str(HERE / "runners" / self.runner)]

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment variables of its process."""
        quiet = {"PYTHONDONTWRITEBYTECODE": "", "LANGSMITH_TRACING": "false"}
        ours = {} if self.environment else {"PYTHONPATH": f"{ROOT}:{HERE / 'runners'}"}
        return (
            {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | quiet | ours
        )


AIOHTTP: Final = Peer("bare loop, aiohttp", "bare", "bare_aiohttp.py")
OURS: Final = Peer("Callboard, SQLite", "", "callboard_.py", durable=True)
PEERS: Final = (
    Peer("bare loop, socket", "bare", "bare_socket.py"),
    AIOHTTP,
    Peer("bare loop, openai", "bare", "bare_openai.py"),
    OURS,
    Peer("openai-agents", "openai-agents", "openai_agents.py"),
    Peer("pydantic-ai", "pydantic-ai", "pydantic_ai_.py"),
    Peer("LangGraph", "langgraph", "langgraph_.py"),
    Peer("agno", "agno", "agno_.py"),
    Peer("LangGraph, SQLite saver", "langgraph", "langgraph_.py", ("--sqlite",), durable=True),
    Peer(
        "LangGraph, SQLite saver, sync",
        "langgraph",
        "langgraph_.py",
        ("--sqlite", "--sync"),
        durable=True,
    ),
    Peer("pydantic-ai, DBOS on SQLite", "pydantic-ai", "pydantic_ai_dbos.py", durable=True),
)


def _python(environment: str) -> Path:
    return PLACE / environment / "bin" / "python"


def install() -> bool:
    """Make the environments that are missing or out of date. Return whether all of them are there."""
    told = [_install(one) for one in sorted((HERE / "requirements").glob("*.txt"))]
    return all(told)


def _install(requirements: Path) -> bool:
    """Make one environment, from the package index that pip is configured with."""
    where, wanted = PLACE / requirements.stem, requirements.read_text(encoding="utf-8")
    made_of = where / "made-of.txt"
    if made_of.exists() and made_of.read_text(encoding="utf-8") == wanted:
        print(f"{requirements.stem}: is there", file=sys.stderr)
        return True
    shutil.rmtree(where, ignore_errors=True)
    for step in _steps(where, requirements):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["failed"])[-1]
            print(f"{requirements.stem}: not installed: {last}", file=sys.stderr)
            return False
    made_of.write_text(wanted, encoding="utf-8")
    print(f"{requirements.stem}: installed", file=sys.stderr)
    return True


def _steps(where: Path, requirements: Path) -> list[list[str]]:
    """Return the commands that make it: with uv where that is there, with pip otherwise."""
    python, pinned = str(where / "bin" / "python"), str(requirements)
    uv = shutil.which("uv")
    if uv is None:
        pip = [python, "-m", "pip", "install", "--quiet", "--requirement", pinned]
        return [[sys.executable, "-m", "venv", str(where)], pip]
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, "-r", pinned]
    return [[uv, "venv", "-q", "--python", sys.executable, str(where)], install]
