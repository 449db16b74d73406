"""Messages to people and programs outside, over real sockets."""

import asyncio
import contextlib

import pytest
from pydantic import SecretStr

from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.mail_server import MailServer, read_mail_server, split_address
from callboard.ports.notifier import NotDelivered, WebhookMessage
from callboard.settings import read_settings
from callboard.testing.notifier import MAIL, MailSenderContract, WebhookSenderContract
from callboard.web_access.egress.policy import EgressPolicy
from callboard.web_access.outgoing.mail import SmtpMail
from callboard.web_access.outgoing.webhooks import HttpWebhooks

pytestmark = pytest.mark.anyio


class Mailbox:
    """A mail server of the few words that are needed."""

    def __init__(self, *extensions):
        self.taken: list[str] = []
        self.lines: list[str] = []
        self._codes: list[int] = []
        self._extensions = extensions

    def refuse(self, code):
        self._codes.append(code)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    def _answer(self, line):
        word = line.upper()
        if word.startswith("EHLO"):
            words = ["here", *self._extensions]
            return "\r\n".join(
                f"250{' ' if index == len(words) else '-'}{one}"
                for index, one in enumerate(words, 1)
            )
        if word.startswith("RCPT") and self._codes:
            return f"{self._codes.pop()} no"
        return "354 go on" if word == "DATA" else "250 fine"

    async def _talk(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 here\r\n")
            while line := (await reader.readline()).decode().strip():
                self.lines.append(line)
                writer.write(f"{self._answer(line)}\r\n".encode())
                if line.upper() == "DATA":
                    message = await reader.readuntil(b"\r\n.\r\n")
                    self.taken.append(message.decode())
                    writer.write(b"250 taken\r\n")
                await writer.drain()
                if line.upper().startswith("QUIT"):
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def mailbox():
    async with Mailbox() as server:
        yield server


class TestSmtp(MailSenderContract):
    @pytest.fixture
    def sender(self, mailbox):
        return SmtpMail(MailServer("127.0.0.1", mailbox.port, "Callboard <callboard@example.test>"))


async def test_a_password_is_never_sent_without_tls(mailbox):
    password = SecretStr("hunter2")
    server = MailServer("127.0.0.1", mailbox.port, "c@example.test", user="ann", password=password)
    with pytest.raises(NotDelivered, match="no TLS") as refused:
        await SmtpMail(server).send(MAIL)
    assert "hunter2" not in str(refused.value)
    assert not any("AUTH" in line for line in mailbox.lines)
    assert mailbox.taken == []


async def test_a_mail_server_that_is_not_there_can_be_tried_again():
    async with Mailbox() as server:
        port = server.port
    with pytest.raises(NotDelivered, match="cannot be used") as refused:
        await SmtpMail(MailServer("127.0.0.1", port, "c@example.test")).send(MAIL)
    assert not refused.value.permanent


class Address:
    """An address of the web that takes what is posted."""

    def __init__(self):
        self.came: list[tuple[dict[str, str], bytes]] = []
        self._answers: list[tuple[int, dict[str, str]]] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/take"

    def answer(self, status, **headers):
        self._answers.append((status, headers))

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.split(": ", 1) for line in head.splitlines()[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.came.append((headers, body))
        status, more = self._answers.pop(0) if self._answers else (204, {})
        lines = [f"HTTP/1.1 {status} x", "Content-Length: 0", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.close()
            await writer.wait_closed()


@pytest.fixture
async def receiver():
    async with Address() as address:
        yield address


class TestHttpWebhooks(WebhookSenderContract):
    @pytest.fixture
    def sender(self, receiver):
        return HttpWebhooks(EgressPolicy((f"127.0.0.1:{receiver.port}",)))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0177.1", "[::ffff:7f00:1]", "localhost."],
)
async def test_private_addresses_get_no_message_however_they_are_spelt(receiver, host):
    sender = HttpWebhooks(EgressPolicy())
    with pytest.raises(NotDelivered):
        await sender.post(WebhookMessage(f"http://{host}:{receiver.port}/", {}, b"{}"))
    assert receiver.came == []


async def test_a_name_that_leads_inside_gets_no_message(receiver):
    async def inside(host, port):
        return ["93.184.216.34", "10.0.0.7"]

    sender = HttpWebhooks(EgressPolicy((), inside))
    with pytest.raises(NotDelivered, match="CALLBOARD_WEB_ALLOW"):
        await sender.post(WebhookMessage("http://hooks.example.test/", {}, b"{}"))


async def test_a_receiver_that_never_answers_is_not_waited_for(receiver):
    async def silent(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sender = HttpWebhooks(EgressPolicy(("127.0.0.1",)), timeout_s=0.05)
    with pytest.raises(NotDelivered, match="no answer"):
        await sender.post(WebhookMessage(f"http://127.0.0.1:{port}/", {}, b"{}"))
    server.close()
    await server.wait_closed()


def test_the_mail_server_is_read_from_one_url():
    server = read_mail_server("smtps://ann:p%40ss@mail.example.test?from=Board%20<c@example.test>")
    assert server is not None
    assert (server.host, server.port, server.security) == ("mail.example.test", 465, "tls")
    assert server.password is not None
    assert server.password.get_secret_value() == "p@ss"
    assert "p@ss" not in repr(server)
    assert read_mail_server("") is None
    settings = read_settings({"CALLBOARD_SMTP_URL": "smtps://a:s3cret@h?from=c@d.test"})
    assert "s3cret" in settings.known_secrets()


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.test",
        "http://h?from=c@d.test",
        "smtp://h",
        "smtp://h?from=nobody",
        "smtp://ann@h?from=c@d.test",
        "smtp://h:99999?from=c@d.test",
        "smtp://a:hunter2@h/x?from=c@d.test",
    ],
)
def test_what_is_no_mail_server_is_refused_without_repeating_it(url):
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_SMTP_URL") as refused:
        read_mail_server(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann@d.test", ("", "ann@d.test")),
        ("Ann B <ann@d.test>", ("Ann B", "ann@d.test")),
        ("a@d.test,b@d.test", None),
        ("a@d.test\nBcc: b@d.test", None),
        ("<a@d.test", None),
        ("", None),
    ],
)
def test_an_address_is_one_address(text, found):
    assert split_address(text) == found
