"""`ports.notifier.MailSender` by SMTP."""

import asyncio
import contextlib
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from callboard.engine.mail_server import MailServer, split_address
from callboard.ports.notifier import Mail, NotDelivered

_PERMANENT: Final = 500


class SmtpMail:
    """See `ports.notifier.MailSender`. Each mail is a connection of its own, in a thread."""

    def __init__(
        self, server: MailServer, *, timeout_s: float = 20.0, context: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._context = context

    async def send(self, mail: Mail) -> None:
        """See `ports.notifier.MailSender`."""
        message = self._message(mail)
        try:
            await asyncio.to_thread(self._hand_over, message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            raise _refused(code, said) from None
        except smtplib.SMTPAuthenticationError as refused:
            # no fault of the mail: it goes out once somebody has put the password right
            raise NotDelivered(
                f"the mail server takes no such password ({refused.smtp_code}); see CALLBOARD_SMTP_URL"
            ) from None
        except smtplib.SMTPResponseException as refused:
            raise _refused(refused.smtp_code, refused.smtp_error) from None
        except (smtplib.SMTPException, OSError) as problem:
            what = type(problem).__name__
            raise NotDelivered(
                f"the mail server {self._server.host}:{self._server.port} cannot be used ({what})"
            ) from None

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        try:
            sender = _address(self._server.sender)
            message["From"], message["To"] = sender, _address(mail.to)
        except (ValueError, IndexError):
            raise NotDelivered(
                "the address is none that mail can be sent to", permanent=True
            ) from None
        message["Subject"] = " ".join(mail.subject.split())
        message["Message-ID"] = f"<{mail.message_id}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    def _hand_over(self, message: EmailMessage) -> None:
        connection = self._connected()
        try:
            if self._server.security == "starttls" and connection.has_extn("starttls"):
                connection.starttls(context=self._tls())
                connection.ehlo()
            if self._server.user is not None and self._server.password is not None:
                self._sign_in(connection)
            connection.send_message(message)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()  # it is taken, whatever the server says to this
        finally:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        server, wait = self._server, self._timeout_s
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=wait, context=self._tls())
        connection = smtplib.SMTP(server.host, server.port, timeout=wait)
        connection.ehlo()
        return connection

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        if not isinstance(connection.sock, ssl.SSLSocket):
            raise NotDelivered(
                "the mail server offers no TLS, and a password is not sent without; use smtps://"
            )
        password = self._server.password
        connection.login(self._server.user or "", password.get_secret_value() if password else "")

    def _tls(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


def _address(text: str) -> Address:
    """Return one address; two of them, or a line break, are none.

    Raises:
        ValueError: it is none.
    """
    found = split_address(text)
    if found is None:
        raise ValueError(text)
    return Address(display_name=found[0], addr_spec=found[1])


def _refused(code: int, said: bytes | str) -> NotDelivered:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    line = " ".join(words.split())[:200]
    return NotDelivered(f"the mail server said {code} {line}", permanent=code >= _PERMANENT)
