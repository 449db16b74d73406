"""Probes of real processes."""

import time
import urllib.error
import urllib.request

import pytest

from tests.cli.shell import TIMEOUT_S
from tests.unused import unused_port


def asked(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.fixture
def port():
    return unused_port()


def listening(port):
    """Wait until somebody listens on a port."""
    until = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return asked(port, "/healthz")
        except urllib.error.URLError:
            assert time.monotonic() < until, "nobody listens"
            time.sleep(0.05)


@pytest.mark.parametrize("command", [("worker",), ("serve", "--port", "0")])
def test_a_process_can_be_asked_how_it_is(shell, port, command):
    running = shell.start(*command, CALLBOARD_PROBES=str(port))
    assert listening(port)[0] == 200
    assert asked(port, "/readyz")[0] in (200, 503)  # it may just have begun
    numbers = asked(port, "/metrics")[1]
    assert "callboard_database_up 1.0" in numbers
    assert "callboard_store_append_seconds_bucket" in numbers
    running.process.terminate()
    assert running.finish().code == 0


def test_probes_on_a_port_that_is_none_are_one_message(shell):
    done = shell("worker", CALLBOARD_PROBES="moon")
    assert (done.code, done.out) == (2, "")
    assert "CALLBOARD_PROBES" in done.err
