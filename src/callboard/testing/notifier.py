"""Senders that keep what they are given, and what every sender does."""

# ruff: noqa: D102 - the names of the tests are their sentences

from typing import Protocol

import pytest

from callboard.ports.notifier import (
    Mail,
    MailSender,
    NotDelivered,
    WebhookMessage,
    WebhookSender,
)


class KeptMail:
    """Keeps mails. `problems` are raised first, in order."""

    def __init__(self, *problems: NotDelivered) -> None:
        self.problems = list(problems)
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """See `ports.notifier.MailSender`."""
        if self.problems:
            raise self.problems.pop(0)
        self.sent.append(mail)


class KeptWebhooks:
    """Keeps messages. `problems` are raised first, in order; what was refused is in `tried` too."""

    def __init__(self, *problems: NotDelivered) -> None:
        self.problems = list(problems)
        self.tried: list[WebhookMessage] = []
        self.posted: list[WebhookMessage] = []

    async def post(self, message: WebhookMessage) -> None:
        """See `ports.notifier.WebhookSender`."""
        self.tried.append(message)
        if self.problems:
            raise self.problems.pop(0)
        self.posted.append(message)


class MailInbox(Protocol):
    """What a mail server took: whole messages as they came over the wire, and a way to refuse."""

    @property
    def taken(self) -> list[str]:
        """The messages."""
        ...

    def refuse(self, code: int) -> None:
        """Answer the next recipient with a code."""
        ...


MAIL = Mail("ann@example.test", "Subject", "Text\n", "msg_1")


class MailSenderContract:
    """The behaviour of `callboard.ports.notifier.MailSender`. Give the fixtures `sender` and `mailbox`."""

    async def test_a_mail_arrives_with_its_subject_text_and_id(
        self, sender: MailSender, mailbox: MailInbox
    ) -> None:
        await sender.send(Mail("ann@example.test", "Grüße", "Zeile\n.\nEnde\n", "msg_7"))
        (taken,) = mailbox.taken
        assert "To: ann@example.test" in taken
        assert "<msg_7@" in taken

    async def test_a_subject_never_adds_a_header_and_a_line_break_no_recipient(
        self, sender: MailSender, mailbox: MailInbox
    ) -> None:
        await sender.send(
            Mail("ann@example.test", "Hi\r\nBcc: eve@example.test\r\n\r\nbody", "x\n", "msg_1")
        )
        head = mailbox.taken[0].partition("\r\n\r\n")[0]
        assert not any(line.lower().startswith("bcc") for line in head.splitlines())
        for address in ("a@b.test\r\nBcc: eve@example.test", "a@b.test, eve@example.test", "ann"):
            with pytest.raises(NotDelivered) as refused:
                await sender.send(Mail(address, "s", "x\n", "msg_2"))
            assert refused.value.permanent
        assert len(mailbox.taken) == 1

    async def test_an_unknown_recipient_is_permanent_and_a_busy_server_is_not(
        self, sender: MailSender, mailbox: MailInbox
    ) -> None:
        for code, permanent in ((550, True), (451, False)):
            mailbox.refuse(code)
            with pytest.raises(NotDelivered, match=str(code)) as refused:
                await sender.send(MAIL)
            assert refused.value.permanent is permanent
        await sender.send(MAIL)
        assert len(mailbox.taken) == 1


class Receiver(Protocol):
    """An address that takes messages: what came, and how the next one is answered."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    @property
    def came(self) -> list[tuple[dict[str, str], bytes]]:
        """The headers, in lower case, and bodies that came."""
        ...

    def answer(self, status: int, **headers: str) -> None:
        """Answer the next message so."""
        ...


class WebhookSenderContract:
    """The behaviour of `callboard.ports.notifier.WebhookSender`. Give the fixtures `sender` and `receiver`."""

    async def test_a_message_arrives_byte_by_byte_with_its_headers(
        self, sender: WebhookSender, receiver: Receiver
    ) -> None:
        body = '{"ü": "\\n"}'.encode()
        await sender.post(WebhookMessage(receiver.url, {"webhook-id": "msg_1"}, body))
        ((headers, came),) = receiver.came
        assert (headers["webhook-id"], headers["content-type"]) == ("msg_1", "application/json")
        assert came == body

    async def test_any_other_answer_than_success_is_told(
        self, sender: WebhookSender, receiver: Receiver
    ) -> None:
        for status, headers, gone, later in (
            (500, {}, False, None),
            (429, {"retry_after": "120"}, False, 120.0),
            (503, {"retry_after": "soon"}, False, None),
            (404, {}, False, None),
            (410, {}, True, None),
        ):
            receiver.answer(status, **headers)
            with pytest.raises(NotDelivered, match=str(status)) as refused:
                await sender.post(WebhookMessage(receiver.url, {}, b"{}"))
            assert (refused.value.gone, refused.value.retry_after_s) == (gone, later)

    async def test_a_redirect_is_not_followed(
        self, sender: WebhookSender, receiver: Receiver
    ) -> None:
        receiver.answer(307, location=receiver.url)
        with pytest.raises(NotDelivered, match="redirect"):
            await sender.post(WebhookMessage(receiver.url, {}, b"{}"))
        assert len(receiver.came) == 1

    async def test_what_is_no_address_of_the_web_is_refused(self, sender: WebhookSender) -> None:
        for url in ("file:///etc/passwd", "gopher://example.test", "http://u:p@example.test/"):
            with pytest.raises(NotDelivered):
                await sender.post(WebhookMessage(url, {}, b"{}"))
