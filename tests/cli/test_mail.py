"""E-mail from a worker, as a mail server sees it."""

import socketserver
import threading

import pytest


class _Session(socketserver.StreamRequestHandler):
    """Speaks the few words of SMTP that are needed."""

    server: "_Server"  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self):
        self._say("220 here")
        while line := self.rfile.readline().strip().upper():
            if line == b"DATA":
                self._say("354 go on")
                taken = b""
                while (more := self.rfile.readline()) != b".\r\n":
                    taken += more
                self.server.taken.append(taken.decode())
            self._say("221 bye" if line == b"QUIT" else "250 fine")
            if line == b"QUIT":
                break

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[str] = []


@pytest.fixture
def mailbox():
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture
def office(bare, mailbox):
    """A shell with a space, two people and a mail server."""
    port = mailbox.server_address[1]
    bare.env = {
        "CALLBOARD_KEYRING": "off",
        "CALLBOARD_SMTP_URL": f"smtp://127.0.0.1:{port}?from=Board%20<board@example.test>",
    }
    made = bare("spaces", "create", "auth", "--prefix", "AUTH", "--repository", "/nowhere")
    assert made.code == 0, made.err
    assert bare("spaces", "set", "auth", "--workflow", "review-only").code == 0
    for name in ("ann", "bob"):
        added = bare("people", "add", name, "--role", "admin", "--email", f"{name}@example.test")
        assert added.code == 0, added.err
    assert bare("worker", "--until-idle").code == 0  # it tells what happens from now on
    return bare


def test_people_are_told_by_mail_what_others_did_and_only_once(office, mailbox):
    assert office("tasks", "create", "auth", "Fix\x1b it").code == 0
    assert office("tasks", "comment", "AUTH-1", "Can you look, @bob? And I, @ann.").code == 0
    for _ in range(2):
        assert office("worker", "--until-idle").code == 0
    (mail,) = mailbox.taken
    assert "To: bob@example.test" in mail
    assert "From: Board <board@example.test>" in mail
    assert "Subject: [AUTH-1] Fix" in mail
    assert "Can you look" in mail
    assert "\x1b" not in mail


def test_a_mail_server_that_cannot_be_used_is_named_before_anything_is_done(bare):
    refused = bare("worker", "--until-idle", CALLBOARD_SMTP_URL="smtp://ann:hunter2@")
    assert refused.code == 2
    assert "CALLBOARD_SMTP_URL" in refused.err
    assert "hunter2" not in refused.err
