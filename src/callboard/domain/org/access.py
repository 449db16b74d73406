"""What lets somebody in: tokens of programs, sessions of browsers, and the link for the first owner.

Each is shown once as a text of three parts, `PREFIX_ID_SECRET`. The id finds the record in one read; of the secret
only the SHA-256 is kept, which is enough for 256 random bits.
"""

import hashlib
import hmac
import re
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from callboard.domain.actor import Actor
from callboard.domain.frozen import Frozen
from callboard.domain.org.people import LoginName
from callboard.domain.record import Kind

Purpose = Literal["cb", "cbs", "cbl"]
"""Of a token, a session, a link."""

_KEY: Final = re.compile(r"(cb|cbs|cbl)_([a-z0-9]{4,40})_([A-Za-z0-9_-]{40,100})")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class Key(NamedTuple):
    """A text that lets somebody in, in its parts."""

    purpose: str
    id: str
    secret: str

    def __str__(self) -> str:
        """Return it as it is shown, once."""
        return "_".join(self)

    @property
    def digest(self) -> str:
        """What is kept of the secret: its SHA-256, as hex digits."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def opens(self, digest: str) -> bool:
        """Return whether this is the secret that the digest was made of, in a time that tells nothing."""
        return hmac.compare_digest(self.digest, digest)


def read_key(text: str, purpose: Purpose) -> Key | None:
    """Return the parts of a text; None where it is not one of this purpose."""
    found = _KEY.fullmatch(text)
    return Key(*found.groups()) if found is not None and found[1] == purpose else None


class ApiToken(Frozen):
    """A token: its bearer acts as `account`, with that account's rights of the moment, narrowed to `scopes`.

    Without `expires_at` it lasts until it is revoked.
    """

    id: str
    name: Label
    account: Actor
    scopes: tuple[str, ...]
    secret_sha256: Digest
    created_by: Actor
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Return whether it lets somebody in at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Session(Frozen):
    """A sign-in of a person. It ends at `expires_at` at the latest, earlier where nobody uses it, or where it is
    revoked. `way` is how they signed in; `address` and `agent` are where from, for them to recognise it.
    """

    id: str
    person: LoginName
    secret_sha256: Digest
    way: Literal["password", "openid", "setup"]
    address: Annotated[str, Field(max_length=100)] = ""
    agent: Annotated[str, Field(max_length=300)] = ""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Whose it is."""
        return Actor(kind="person", name=self.person)


class SetupLink(Frozen):
    """The link at which the first owner says who they are: for one hour, and once."""

    id: str
    secret_sha256: Digest
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class LastUse(Frozen):
    """When a token or a session was used last, to within a few minutes."""

    of: str
    at: datetime


class Attempts(Frozen):
    """Sign-ins that were tried since a moment and did not succeed, by one name or from one address."""

    by: str
    count: Annotated[int, Field(ge=0)]
    since: datetime


TOKENS: Final = Kind(
    "api_token",
    ApiToken,
    key=lambda token: token.id,
    state=lambda token: "good" if token.revoked_at is None else "revoked",
    hidden=frozenset({"secret_sha256"}),
)
SESSIONS: Final = Kind(
    "session",
    Session,
    key=lambda session: f"{session.person}/{session.id}",
    state=lambda session: "good" if session.revoked_at is None else "revoked",
    hidden=frozenset({"secret_sha256"}),
)
SETUP_LINKS: Final = Kind(
    "setup_link", SetupLink, key=lambda link: link.id, hidden=frozenset({"secret_sha256"})
)
LAST_USES: Final = Kind("last_use", LastUse, key=lambda use: use.of, audited=False)
ATTEMPTS: Final = Kind("sign_in_attempts", Attempts, key=lambda tried: tried.by, audited=False)


class OpenSignIn(Frozen):
    """A question to an identity provider that is not answered yet. `browser` is the digest of what the browser that
    it is asked for was given: the answer is taken from no other. `next` is the page that they wanted.
    """

    state: str
    browser: Digest
    nonce: str
    verifier: str
    redirect: str
    at: datetime
    next: str = "/"


OPEN_SIGN_INS: Final = Kind("open_sign_in", OpenSignIn, key=lambda one: one.state, audited=False)
