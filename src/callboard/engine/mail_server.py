"""Which mail server carries what is sent, as one URL says it. Pure."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid

_SENDER: Final = re.compile(r"(?:([^<>@,;\x00-\x1f]*)<)?([^<>@,;\s\x00-\x1f]+@[A-Za-z0-9.-]+)>?")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who carries the mail. `security` is `tls` from the first byte, or `starttls` where the server offers it.

    A password is only ever sent through TLS.
    """

    host: str
    port: int
    sender: str
    security: Literal["tls", "starttls"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None


def split_address(text: str) -> tuple[str, str] | None:
    """Return the name (maybe empty) and the address of `ann@example.org` or `Ann <ann@example.org>`; None where it is
    neither: two addresses and line breaks are none.
    """
    found = _SENDER.fullmatch(text)
    if found is None or text.endswith(">") != ("<" in text):
        return None
    return (found[1] or "").strip().strip('"'), found[2]


def read_mail_server(text: str) -> MailServer | None:
    """Return what `CALLBOARD_SMTP_URL` says; None where it is empty. No message repeats it: it may hold a password.

    Raises:
        ConfigurationInvalid: it is no such URL.
    """
    if not text:
        return None
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise _wrong("it is no URL") from None
    if url.scheme not in ("smtp", "smtps") or not url.hostname or url.path not in ("", "/"):
        raise _wrong("it names no server")
    sender = parse_qs(url.query).get("from", [""])[0]
    if split_address(sender) is None:
        raise _wrong("it says no sender (`?from=`)")
    if (url.username is None) != (url.password is None):
        raise _wrong("it has a user name or a password, and not both")
    return MailServer(
        host=url.hostname,
        port=port or (465 if url.scheme == "smtps" else 587),
        sender=sender,
        security="tls" if url.scheme == "smtps" else "starttls",
        user=None if url.username is None else unquote(url.username),
        password=None if url.password is None else SecretStr(unquote(url.password)),
    )


def _wrong(why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"CALLBOARD_SMTP_URL cannot be used: {why}; write smtps://USER:PASSWORD@HOST?from=ADDRESS, "
        "user and password percent-encoded"
    )
