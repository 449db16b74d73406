"""`callboard webhooks` and what comes of it, as a person and a receiver see it."""

import http.server
import json
import threading
from datetime import datetime, timezone

import pytest

from callboard.engine.webhook_signatures import problem_with, secret_key


class Receiver:
    """Takes what is posted, in a thread."""

    def __init__(self):
        came = self.came = []

        class Take(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                came.append((dict(self.headers.items()), self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format, *args):  # noqa: A002 - the name that it has there
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Take)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def office(bare, receiver):
    """A shell with a space and a webhook."""
    bare.env = {"CALLBOARD_KEYRING": "off", "CALLBOARD_WEB_ALLOW": receiver.host}
    made = bare("spaces", "create", "auth", "--prefix", "AUTH", "--repository", "/nowhere")
    assert made.code == 0, made.err
    assert bare("spaces", "set", "auth", "--workflow", "review-only").code == 0
    return bare


def test_a_failed_task_is_told_to_a_webhook_signed_and_can_be_replayed(office, receiver):
    url = f"http://{receiver.host}/take"
    added = office("webhooks", "add", "ops", url, "--event", "task.failed", "--json")
    assert added.code == 0, added.err
    assert office("worker", "--until-idle").code == 0  # it tells what happens from now on
    assert office("tasks", "create", "auth", "Fix it").code == 0
    assert office("tasks", "start", "AUTH-1").code == 0
    assert office("worker", "--until-idle").code == 0
    ((headers, body),) = receiver.came
    sent = {name.lower(): value for name, value in headers.items()}
    assert json.loads(body)["type"] == "task.failed"
    against = problem_with(
        [secret_key(added.json["secret"]) or b""],
        message_id=sent["webhook-id"],
        at=sent["webhook-timestamp"],
        given=sent["webhook-signature"],
        body=body,
        now=datetime.now(timezone.utc),
    )
    assert against is None
    (delivery,) = office("webhooks", "deliveries", "ops", "--json").json
    assert (delivery["state"], delivery["message_id"]) == ("sent", sent["webhook-id"])
    assert "taken" in office("webhooks", "deliveries", "ops").out
    replayed = office("webhooks", "replay", "ops", delivery["message_id"])
    assert replayed.code == 0
    assert office("worker", "--until-idle").code == 0
    assert len(receiver.came) == 2
    assert office("inbox", "list", "--mine", "--json").json[0]["kind"] == "failure"


def test_webhooks_are_listed_rotated_and_removed_without_their_secret(office):
    first = office("webhooks", "add", "ops", "https://hooks.example.test/x", "--space", "auth")
    assert (first.code, first.out.startswith("whsec_")) == (0, True)
    second = office("webhooks", "rotate", "ops")
    assert second.out.startswith("whsec_")
    assert second.out != first.out
    (listed,) = office("webhooks", "list", "--json").json
    assert listed["space"] == "auth"
    assert "secrets" not in listed
    assert "hooks.example.test" in office("webhooks", "list").out
    assert office("webhooks", "remove", "ops").code == 0
    assert office("webhooks", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "ops", "ftp://x.test"), "address of the web"),
        (("add", "ops", "https://x.test", "--event", "task.eaten"), "events"),
        (("add", "ops", "https://x.test", "--space", "nowhere"), "callboard spaces list"),
        (("remove", "nothing"), "callboard webhooks list"),
    ],
)
def test_what_is_no_webhook_is_refused_with_the_way_out(office, arguments, said):
    refused = office("webhooks", *arguments)
    assert refused.code == 2
    assert said in refused.err


def test_everybody_chooses_what_they_are_told(bare):
    muted = bare("inbox", "notices", "--mute", "tasks", "--json")
    assert (muted.json["tasks"], muted.json["gates"]) == (False, True)
    assert "muted" in bare("inbox", "notices").out
    assert bare("inbox", "notices", "--unmute", "tasks", "--json").json["tasks"]
    refused = bare("inbox", "notices", "--mute", "nonsense")
    assert (refused.code, "muted" in refused.err) == (2, True)
