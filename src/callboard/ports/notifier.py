"""Telling somebody outside: by e-mail, and by a signed message to an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class NotDelivered(Exception):
    """A message did not arrive. The text holds no secret.

    Attributes:
        permanent: whether trying again is of no use.
        gone: whether the recipient wants nothing any more.
        retry_after_s: when the recipient wants to be tried again, in seconds, where it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        gone: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.gone = gone
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail in plain text. `message_id` is the same whenever the same mail is sent again."""

    to: str
    subject: str
    text: str
    message_id: str


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A message to an address. `headers` are those of its signature."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class MailSender(Protocol):
    """Sends e-mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over to whoever carries it.

        Raises:
            NotDelivered: it was not taken.
        """
        ...


class WebhookSender(Protocol):
    """Posts messages, to public addresses and those that are allowed, and follows no redirect."""

    async def post(self, message: WebhookMessage) -> None:
        """Post a message.

        Raises:
            NotDelivered: it was not taken with a status of 200 to 299.
        """
        ...
