"""What can go wrong, by what the caller can do about it.

    CallboardError
    ├── UserMistake              exit code 2: the message names the thing, the place and the way out
    │   ├── DefinitionInvalid    carries every problem found
    │   ├── ConfigurationInvalid a key, a home directory, a flag
    │   │   └── KeyMissing       no key for a provider, neither stored nor in the environment
    │   ├── UnknownThing         no such run, agent, gate
    │   │   └── RunArchived      the run's log lies in a file of the archive
    │   ├── ArchiveDamaged       a file of the archive is not what it should be
    │   ├── NotSignedIn          nobody, or somebody who is not let in: always in the same words
    │   ├── TooManyAttempts      sign-ins that failed; says when to try again
    │   ├── VersionTaken         a published version is never replaced
    │   ├── RecordConflict       somebody else changed the record meanwhile, or its name is taken
    │   └── SandboxUnavailable   no confinement on this machine and no explicit opt-out
    ├── ModelError               a model call failed; `retryable` says whether trying again can help
    └── LogError
        ├── RunExists            the id is taken
        ├── RunBusy              a living process drives the run
        │   └── NoRoom           as much goes on as a limit allows; it can go on later
        ├── Fenced               the claim was lost: another process drives the run now
        ├── StoreUnavailable     the database is away for the moment
        └── LogCorrupt           the log does not verify

Failures that a model may correct (a missing file, wrong arguments) are values, not exceptions: see
`callboard.domain.tool`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class CallboardError(Exception):
    """Root of every error that Callboard raises on purpose."""

    code: ClassVar[str] = "error"


class UserMistake(CallboardError):
    """Something the person at the keyboard can put right."""

    code: ClassVar[str] = "usage"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a definition: where it is, what was found, what is allowed.

    `file` is the path as the user gave it, `field` a dotted path in the definition's own spelling
    (`inputSchema.params.type`), empty when the problem is with the file as a whole.
    """

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        """Return the problem as one line: file, field, message."""
        return ": ".join(part for part in (self.file, self.field, self.message) if part)


class DefinitionInvalid(UserMistake):
    """One or more definitions do not validate. `problems` holds all of them."""

    code: ClassVar[str] = "definition_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigurationInvalid(UserMistake):
    """A setting, key or directory cannot be used as it is."""

    code: ClassVar[str] = "configuration_invalid"


class DatabaseUnusable(ConfigurationInvalid):
    """The database is there and cannot be used as it is set up."""

    code: ClassVar[str] = "database_unusable"


class KeyMissing(ConfigurationInvalid):
    """There is no key for a provider that needs one."""

    code: ClassVar[str] = "missing_key"


class UnknownThing(UserMistake):
    """A run, agent or gate that does not exist here."""

    code: ClassVar[str] = "unknown"


class RunArchived(UnknownThing):
    """The log of a run was put away. `file` is the file of the archive that it lies in."""

    code: ClassVar[str] = "run_archived"

    def __init__(self, run_id: str, file: str) -> None:
        super().__init__(
            f"run {run_id} was put away into {file} of the archive; read it with `callboard archive show {run_id}`, and "
            f"check it with `callboard archive verify {file}`"
        )
        self.run_id = run_id
        self.file = file


class ArchiveDamaged(UserMistake):
    """A file of the archive cannot be read, or is none."""

    code: ClassVar[str] = "archive_damaged"


class NotSignedIn(UserMistake):
    """Who asks is nobody here. It never says what was wrong."""

    code: ClassVar[str] = "not_signed_in"


class TooManyAttempts(UserMistake):
    """Too many sign-ins failed. `wait_s` is how many seconds to wait before the next one."""

    code: ClassVar[str] = "too_many_attempts"

    def __init__(self, message: str, *, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class VersionTaken(UserMistake):
    """A version is published already, or a later one is."""

    code: ClassVar[str] = "version_taken"


class RecordConflict(UserMistake):
    """A record is not as it was read: somebody else changed it, or took its name."""

    code: ClassVar[str] = "conflict"


class SandboxUnavailable(UserMistake):
    """This machine offers no confinement and nobody opted out of it."""

    code: ClassVar[str] = "sandbox_unavailable"


class ModelError(CallboardError):
    """A model call failed.

    Attributes:
        reason: one of `auth`, `not_found`, `invalid_request`, `context_too_long`, `rate_limited`,
            `overloaded`, `server`, `timeout`, `connection`, `malformed_answer`, `refused`.
        retryable: whether the same request may succeed later.
        retry_after_s: the provider's own wish, in seconds, where it gave one.
        status: HTTP status, where there was one.
    """

    code: ClassVar[str] = "model_error"

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        retryable: bool = False,
        retry_after_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.status = status


class LogError(CallboardError):
    """The event log refused."""

    code: ClassVar[str] = "log_error"


class RunExists(LogError):
    """The run id is already taken."""

    code: ClassVar[str] = "run_exists"


class RunBusy(LogError):
    """A living process drives this run."""

    code: ClassVar[str] = "run_busy"


class NoRoom(RunBusy):
    """As much goes on as a limit allows. Nothing was begun; it can go on when there is room."""

    code: ClassVar[str] = "no_room"


class Fenced(LogError):
    """The claim is no longer valid: another process took the run over, or the log moved on."""

    code: ClassVar[str] = "fenced"


class StoreUnavailable(LogError):
    """The store cannot be read or written at the moment; nothing is half-written."""

    code: ClassVar[str] = "store_unavailable"


class LogCorrupt(LogError):
    """A log does not verify, or an event in it cannot be read."""

    code: ClassVar[str] = "log_corrupt"
