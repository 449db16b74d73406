"""A PostgreSQL with a database on a disk of its own, which can be full: mounted where only the server sees it."""

import subprocess
import tempfile

import psycopg
from psycopg.sql import SQL, Literal

from callboard.testing.postgres import PostgresServer

from .disk import HOLDER

_SOMEBODY = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
"""PostgreSQL refuses to be root, also where that is root of nothing."""


class ServerOnADisk(PostgresServer):
    """A server, one of whose databases is on a disk in memory; the rest of it is where tests are."""

    _holder: "subprocess.Popen[str]"

    @property
    def _small(self):
        return self.directory / "small"

    def make_database(self):
        """Make a database on the disk; return its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            place = Literal(str(self._small))
            connection.execute(SQL("CREATE TABLESPACE small LOCATION {}").format(place))
            connection.execute("CREATE DATABASE full_one TABLESPACE small TEMPLATE template0")
        return self.url_of("full_one")

    def leave_free(self, kilobytes):
        """Make the disk so small that this much of it is free."""
        (used,) = self._do(f"df -k --output=used {self._small}").split()[1:]
        self._do(f"mount -o remount,size={int(used) + kilobytes}k {self._small}")

    def make_room(self):
        """Make the disk large again."""
        self._do(f"mount -o remount,size=64m {self._small}")

    def remove(self):
        """End the server, and the disk with it."""
        super().remove()
        self._holder.communicate(timeout=20)

    def _own(self, data):
        """Mount the disk before anything is begun: all of the server runs where it is seen."""
        for directory in (data, self._small):
            directory.mkdir(mode=0o700)
        self._holder = subprocess.Popen(
            HOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "up\n"
        self._do(f"mount -t tmpfs -o size=64m,mode=700 none {self._small}")

    def _do(self, script):
        return self._there("sh", "-ec", script, capture_output=True).stdout.decode()

    def _there(self, *command, **how):
        pid = str(self._holder.pid)
        where = ["nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials"]
        return subprocess.run([*where, *command], check=True, **how)

    def _run(self, program, *arguments, in_data=True):
        data = ("-D", str(self.directory / "data")) if in_data else ()
        command = (*_SOMEBODY, self.command(program), *data, *arguments)
        with tempfile.TemporaryFile() as said:  # a server started by it keeps a pipe open for ever
            self._there(*command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
