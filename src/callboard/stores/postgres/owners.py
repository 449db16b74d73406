"""Processes hold what they drive by leases, which they renew; times are those of the server.

Beside its lease a process keeps a file locked in its own CALLBOARD_HOME: whoever works on the same machine with the same
home sees at once that it is gone, and waits for no lease.
"""

from pathlib import Path
from typing import Final

from callboard.stores.file_owners import FileOwners
from callboard.stores.postgres import sql
from callboard.stores.relational.session import Session
from callboard.stores.revisions import CURRENT

_BEAT: Final = (
    "INSERT INTO owner (name, place, revision, until) VALUES "
    "(%(name)s, %(place)s, %(revision)s, clock_timestamp() + %(lease_s)s * interval '1 second') "
    "ON CONFLICT (name) DO UPDATE SET until = excluded.until "
    "RETURNING EXISTS (SELECT FROM told_room WHERE owner = %(name)s)"
)
_LOOK: Final = "SELECT place, until > clock_timestamp() FROM owner WHERE name = %(name)s"
_SWEEP: Final = "DELETE FROM owner WHERE until < clock_timestamp() - interval '1 day'"
_UNTELL: Final = "DELETE FROM told_room WHERE owner <> '' AND owner NOT IN (SELECT name FROM owner)"


class LeasedOwners:
    """`callboard.stores.relational.owners.Owners` on many machines, until `retire`."""

    def __init__(self, directory: Path, lease_s: float) -> None:
        """Take a fresh name; nothing is owned under it before the first `beat`.

        Raises:
            ConfigurationInvalid: the directory cannot be used.
        """
        self._files = FileOwners(directory)
        self._place = _place_of(directory)
        self.lease_s = lease_s

    @property
    def name(self) -> str:
        """See `Owners`."""
        return self._files.name

    def is_alive(self, session: Session, name: str) -> bool:
        """See `Owners`: its lease runs, and if it is of this machine, its file is still locked."""
        if name == self.name:
            return True
        found = session.execute(_LOOK, {"name": name}).fetchone()
        if found is None:
            return False
        place, leased = found
        return bool(leased) and (place != self._place or self._files.is_locked(name))

    def begin(self, session: Session) -> None:
        """Take the first lease, and tell that no room is held under this name."""
        session.execute(sql.TELL_ROOM, {"owner": self.name})  # first: nobody shall wait to hear it
        self.beat(session)

    def beat(self, session: Session) -> bool:
        """Renew the lease; return whether the database still knows that it was told which room is held here."""
        named = {"name": self.name, "place": self._place, "revision": CURRENT}
        (told,) = session.execute(_BEAT, named | {"lease_s": self.lease_s}).fetchone()
        return bool(told)

    def sweep(self, session: Session) -> None:
        """Forget processes that ended long ago."""
        session.execute(_SWEEP)
        session.execute(_UNTELL)

    def retire(self, session: Session | None) -> None:
        """Give up the name: whatever it still owns is free."""
        if session is not None:
            session.execute("DELETE FROM owner WHERE name = %(name)s", {"name": self.name})
            session.execute("DELETE FROM told_room WHERE owner = %(name)s", {"name": self.name})
        self._files.retire()


def _place_of(directory: Path) -> str:
    """Return what only processes that share the files of a directory, on one kernel, have in common."""
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        machine = ""
    found = directory.stat()
    return f"{machine}/{found.st_dev}/{found.st_ino}"
