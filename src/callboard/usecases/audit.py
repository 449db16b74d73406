"""The audit log: who changed what."""

from dataclasses import replace

from callboard.domain.org.principal import Principal
from callboard.domain.record import AuditEntry
from callboard.ports.records import AuditWanted
from callboard.usecases.app import App, require, seen_spaces


async def list_audit(app: App, who: Principal, wanted: AuditWanted) -> list[AuditEntry]:
    """Return entries of the spaces whose log somebody may read, the newest first."""
    spaces = seen_spaces(who, "audit.read", wanted.spaces)
    return await app.records.audit(replace(wanted, spaces=spaces))


async def check_audit(app: App, who: Principal) -> int | None:
    """Return the position of the first entry that was altered, or follows one that is gone; None: there is none."""
    require(who, "audit.read")
    return await app.records.check_audit()
