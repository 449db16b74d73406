"""Incidents of other products at ports of one's own machine: real processes, and every socket that they listen on."""

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from tests.cli.shell import TIMEOUT_S
from tests.cli.test_probes import listening
from tests.cli.test_probes import port as free_port

from callboard.identity.neighbours import is_same_user
from callboard.web_access.egress.heads import NoRequest, read_head

__all__ = ["free_port"]
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells whose is what"),
]
LISTENS = "0A"


def family_of(pid):
    """Return a process and everything below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [str(pid), *(one for child in children for one in family_of(child))]


def ports_of(pid):
    """Return every port on which a process, or one below it, listens by TCP."""
    held = set()
    for one in family_of(pid):
        for link in Path(f"/proc/{one}/fd").iterdir():
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
            except OSError:
                continue
            held |= {found[1]} if found else set()
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {
        int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENS and row[9] in held
    }


def asked(port, *lines, body=b""):
    """Send lines as they are, and return the status and all that comes back."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        parts = []
        while part := connection.recv(65_536):
            parts.append(part)
    answer = b"".join(parts).decode("latin-1")
    return int(answer.split()[1]), answer


@pytest.fixture
def serving(shell, free_port):
    """Serve with everything that listens, and return the process, its port and that of its probes."""
    installed = replace(shell, cold=True)  # what it holds is looked at from outside
    running = installed.start("serve", "--port", "0", CALLBOARD_PROBES=str(free_port))
    port = int(re.findall(r":(\d+)/", running.line())[0])
    listening(free_port)
    yield running, port, free_port
    running.process.terminate()
    running.finish()


PATHS = ("/", "/api/v1/me", "/metrics", "/healthz", "/readyz", "/api/openapi.json", "/live")


HOSTS = ("evil.test", "evil.test:80", "127.0.0.1.evil.test", "localhost.evil.test", "")


def test_mcp_inspector_cve_2025_49596_no_port_answers_under_somebody_elses_name(serving):
    running, port, probes = serving
    assert ports_of(running.process.pid) == {port, probes}
    for each, path, host in product((port, probes), PATHS, HOSTS):
        status, answer = asked(each, f"GET {path} HTTP/1.1", f"Host: {host}")
        assert status in (400, 421), (each, path, host, answer)
        assert "callboard_" not in answer
        assert "access-control" not in answer.lower()
    assert asked(port, "GET /healthz HTTP/1.1", f"Host: 127.0.0.1:{port}")[0] == 200


def test_opencode_cve_2026_22812_a_page_of_another_port_of_this_machine_is_another_site(serving):
    _, port, probes = serving
    origins = (
        f"http://localhost:{probes}",
        f"http://127.0.0.1:{probes}",
        f"http://localhost:{port}",
    )
    routes = ("GET /api/v1/me", "OPTIONS /api/v1/runs", "POST /api/v1/people", "GET /")
    for origin, route in product((*origins, "https://evil.test", "null"), routes):
        head = (f"{route} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: {origin}")
        status, answer = asked(port, *head, "Content-Length: 0")
        assert status == 403, (origin, route)
        assert "access-control-allow" not in answer.lower()


def test_opencode_cve_2026_22812_a_port_of_this_machine_wants_a_token_too(shell, serving):
    _, port, _ = serving
    host = f"Host: 127.0.0.1:{port}"
    assert (
        asked(port, "GET /api/v1/me HTTP/1.1", host)[0] == 200
    )  # nobody is here, and it is theirs
    assert shell("people", "add", "ann", "--role", "owner").code == 0
    for path in ("/api/v1/me", "/api/v1/runs", "/api/v1/people"):
        assert asked(port, f"GET {path} HTTP/1.1", host)[0] == 401
    body = json.dumps({"agent": "helper", "prompt": "go", "workspace": "/"}).encode()
    length = f"Content-Length: {len(body)}"
    assert asked(port, "POST /api/v1/runs HTTP/1.1", host, length, body=body)[0] == 401


ASKS = """
import encodings.idna, os, socket, sys
os.setgid(65534); os.setuid(65534)
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
connection.sendall(b"GET /api/v1/me HTTP/1.1\\r\\nHost: 127.0.0.1:" + sys.argv[1].encode() + b"\\r\\n\\r\\n")
print(connection.recv(99).split()[1].decode())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_opencode_cve_2026_22812_another_user_of_this_machine_is_not_its_owner(serving):
    _, port, _ = serving
    told = subprocess.run(
        [sys.executable, "-c", ASKS, str(port)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.stdout.strip() == "401", told.stderr
    assert asked(port, "GET /api/v1/me HTTP/1.1", f"Host: 127.0.0.1:{port}")[0] == 200


@pytest.mark.parametrize(
    ("family", "here"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_opencode_cve_2026_22812_only_a_connection_that_is_held_is_somebodys(family, here):
    try:
        server = socket.create_server((here, 0), family=family)
    except OSError:
        pytest.skip("this machine has no such address")
    with server, socket.create_connection((here, server.getsockname()[1])) as client:
        host, port = client.getsockname()[:2]
        assert is_same_user(host, port)
        client.close()
        assert not is_same_user(host, port)
    assert not is_same_user(here, 1)


@pytest.mark.parametrize("line", ["GET /metrics HTTP/1.1", "GET / HTTP/1.1", "POST /mcp HTTP/1.1"])
def test_mcp_inspector_cve_2025_49596_the_way_out_of_commands_is_no_server_of_anything(line):
    with pytest.raises(NoRequest):
        read_head(f"{line}\r\nHost: evil.test\r\n\r\n".encode())
