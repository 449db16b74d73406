"""What a failure of the server means to the person at the keyboard."""

from typing import Final

import psycopg
from psycopg import errors

from callboard.domain.errors import CallboardError, DatabaseUnusable, StoreUnavailable

FAILURES: Final = (psycopg.Error, ValueError, OverflowError)
_SAFE: Final = "What was recorded is safe: runs go on when the database does"
_REFUSED: Final = (
    errors.InvalidPassword,
    errors.InvalidAuthorizationSpecification,
    errors.InvalidCatalogName,
)
_FORBIDDEN: Final = (errors.InsufficientPrivilege,)
_FULL: Final = (errors.DiskFull, errors.OutOfMemory)
_READ_ONLY: Final = (errors.ReadOnlySqlTransaction,)
_BUSY: Final = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected)
_CROWDED: Final = ("too many clients", "remaining connection slots", "too many connections")
_GOING: Final = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
    errors.ConnectionException,
    errors.InterfaceError,
)


def is_lost(error: Exception) -> bool:
    """Return whether the connection is gone and another one may do: the server went down, or is not up yet."""
    if isinstance(error, (*_REFUSED, *_FORBIDDEN, *_FULL, *_READ_ONLY, *_BUSY)):
        return False
    if isinstance(error, (*_GOING, errors.TooManyConnections)):
        return True
    return _is_of_the_connection(error) and not _is_refusal(error)


def explain(error: Exception, shown: str) -> CallboardError:
    """Return our error for one that came up while the database was used. No message repeats an address."""
    if isinstance(error, CallboardError):
        return error
    said = _said(error)
    if isinstance(error, errors.TooManyConnections) or any(words in said for words in _CROWDED):
        return StoreUnavailable(
            f"{shown} has no connection left. {_SAFE}. Raise max_connections there, or run fewer processes: each takes up "
            "to seven"
        )
    if isinstance(error, _REFUSED) or _is_refusal(error):
        return DatabaseUnusable(f"{shown} lets nobody in ({said}); check CALLBOARD_DATABASE_URL")
    if isinstance(error, _FORBIDDEN):
        return DatabaseUnusable(
            f"{shown}: the user of CALLBOARD_DATABASE_URL may not do what is needed there ({said}). Make it "
            "the owner of the database, or grant it CREATE on the database and everything in the schema `callboard`"
        )
    if isinstance(error, _READ_ONLY):
        return StoreUnavailable(
            f"{shown} is read-only ({said}). {_SAFE}. Point CALLBOARD_DATABASE_URL at the primary server"
        )
    if isinstance(error, _FULL):
        return StoreUnavailable(f"{shown}: there is no room ({said}). {_SAFE} and has room again")
    if isinstance(error, _BUSY):
        return StoreUnavailable(
            f"{shown}: another process keeps it locked ({said}). End that process and try again, or wait longer with "
            "CALLBOARD_DATABASE_PATIENCE (seconds)"
        )
    if isinstance(error, (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)):
        return DatabaseUnusable(
            f"{shown} has not the schema of this version ({said}); run `callboard db check`"
        )
    if is_lost(error):
        return StoreUnavailable(f"{shown} cannot be reached ({said}). {_SAFE} again")
    return StoreUnavailable(f"{shown}: {said}")


def _said(error: Exception) -> str:
    """Return the first line of what was said, without what the address may hold."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    lines = [
        line.rpartition("FATAL:")[2].strip() for line in str(error).splitlines() if line.strip()
    ]
    return lines[-1] if lines else type(error).__name__


def _is_of_the_connection(error: Exception) -> bool:
    """Return whether the connection itself failed: such failures have no code of the server's."""
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None


def _is_refusal(error: Exception) -> bool:
    """Return whether the server refused before it would speak of codes."""
    refusals = (
        "authentication failed",
        "does not exist",
        "no pg_hba.conf entry",
        "no password supplied",
    )
    return _is_of_the_connection(error) and any(words in str(error) for words in refusals)
