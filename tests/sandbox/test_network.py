"""Commands that may reach some hosts: a real jail, a real proxy, real servers of this machine."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.web_access.upstream import OK, Upstream, certified, serving

from callboard.domain.credential import ORG
from callboard.engine.command_hosts import read_command_hosts
from callboard.ports.vault import Grant
from callboard.ports.workspace import CommandRequest
from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.vault import ANN, MemoryVault
from callboard.testing.workspace.commands import sh
from callboard.web_access.egress.command_way import CommandWayOut

from .conftest import KINDS, PYTHONS

pytestmark = pytest.mark.anyio

SECRET = "canaryq8-of-the-hub"
LANDLOCK, BUBBLEWRAP = KINDS
ASK = """
import os, socket, sys
place = ("127.0.0.1", 3128)
for asked in sys.argv[1:]:
    with socket.create_connection(place, 20) as proxy:
        proxy.sendall(asked.encode() + b"\\r\\n\\r\\n")
        answer = b""
        while piece := proxy.recv(1000):
            answer += piece
    print(answer.decode())
"""


async def here(host, port):
    return ("127.0.0.1",)


@pytest.fixture
async def up(anyio_backend):
    async with serving(Upstream()) as upstream:
        yield upstream


@pytest.fixture
def kind(request):
    return getattr(request, "param", "bubblewrap")


@pytest.fixture
def vault():
    return MemoryVault()


@pytest.fixture
async def opened_to(tmp_path, root, kind, vault):
    """Opens a workspace whose commands may reach `hub.test`, which is a server of this machine."""
    opened = []

    async def opening(upstream):
        hosts = read_command_hosts(f"hub.test:{upstream.port},127.0.0.1:{upstream.port}")
        way_out = CommandWayOut(hosts, vault, resolve=here)
        state = tmp_path / "state"
        workspaces = open_workspaces(state, read_only=PYTHONS, kinds=(kind,), way_out=way_out)
        opened.append(await workspaces.open(str(root)))
        (root / "ask.py").write_text(ASK)
        return opened[-1].commands, workspaces

    yield opening
    for workspace in opened:
        await workspace.close()


@pytest.fixture
async def networked(opened_to, up):
    return await opened_to(up)


in_bubblewrap = pytest.mark.parametrize("kind", [BUBBLEWRAP], indirect=True)
in_landlock = pytest.mark.parametrize("kind", [LANDLOCK], indirect=True)


@in_bubblewrap
async def test_a_command_reaches_what_is_listed_and_is_told_what_it_did(networked, up):
    commands, _ = networked
    evil = "CONNECT evil.test:443 HTTP/1.1"
    result = await sh(commands, f"python ask.py 'GET http://hub.test:{up.port}/ HTTP/1.1' '{evil}'")
    assert OK.decode().splitlines()[-1] in result.stdout
    assert "HTTP/1.1 403" in result.stdout
    assert f"[network: reached hub.test:{up.port}]" in result.stderr
    assert (
        "[network: refused evil.test:443: CALLBOARD_COMMAND_HOSTS does not list it]"
        in result.stderr
    )
    assert "network" not in (await sh(commands, "true")).stderr


@in_bubblewrap
async def test_the_environment_names_the_proxy(networked):
    commands, _ = networked
    result = await sh(commands, "env | grep -i proxy | sort")
    proxy = "http://127.0.0.1:3128"
    names = ("HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "https_proxy")
    assert {f"{name}={proxy}" for name in names} <= set(result.stdout.split())
    assert "no_proxy=localhost,127.0.0.1,::1" in result.stdout


DIRECT = """
import socket, sys
port = int(sys.argv[1])
for family, kind in ((2, 2), (2, 3), (10, 1), (10, 2), (16, 3), (17, 3), (2, 5), (40, 1)):
    try:
        socket.socket(family, kind)
        print("made", family, kind)
    except OSError:
        pass
for protocol in (132, 262, 33):
    try:
        socket.socket(2, 1, protocol)
        print("made", protocol)
    except OSError:
        pass
for address in ("127.0.0.1", "10.0.0.1", "93.184.216.34", "169.254.169.254"):
    for there in (port, 53, 80):
        with socket.socket() as one:
            one.settimeout(5)
            try:
                one.connect((address, there))
                print("reached", address, there)
            except OSError:
                pass
try:
    print(socket.getaddrinfo("hub.test", 80))
except OSError:
    print("done")
"""


@in_bubblewrap
async def test_nothing_but_the_proxy_leads_anywhere(networked, root, up):
    commands, _ = networked
    (root / "direct.py").write_text(DIRECT)
    assert (await sh(commands, f"python direct.py {up.port}")).stdout == "done\n"


@in_bubblewrap
async def test_no_file_leads_to_the_proxy_and_nothing_of_it_runs_inside(networked):
    commands, _ = networked
    result = await sh(
        commands,
        "find / -path /proc -prune -o -type s -print; ls /proc | grep -c '^[0-9]'",
        timeout_s=120,
    )
    sockets, processes = result.stdout.split("\n")[:-2], int(result.stdout.split()[-1])
    assert sockets == []
    assert processes <= 5  # the server, a lane, and what asked


@in_bubblewrap
async def test_a_command_cannot_take_the_place_of_the_proxy(networked, up):
    commands, _ = networked
    steal = (
        "import socket; s = socket.socket(); s.setsockopt(1, 2, 1); s.setsockopt(1, 15, 1);"
        " s.bind(('127.0.0.1', 3128)); s.listen()"
    )
    assert (await sh(commands, f'python -c "{steal}"')).exit_code == 1
    again = await sh(commands, f"python ask.py 'GET http://hub.test:{up.port}/ HTTP/1.1'")
    assert "200 OK" in again.stdout


@in_bubblewrap
async def test_searches_have_no_network_at_all(networked):
    commands, _ = networked
    await sh(commands, "true")
    library = commands._library
    await commands.search(["x", "."], cwd=".", timeout_s=20)
    assert not [name for name in library._environment if "proxy" in name.lower()]


@in_bubblewrap
async def test_what_the_background_tried_is_told_with_the_next_command(networked):
    commands, _ = networked
    ask = "python ask.py 'CONNECT evil.test:443 HTTP/1.1'; touch done; sleep 600"
    await commands.start(CommandRequest(ask))
    result = await sh(commands, "until [ -e done ]; do :; done")
    assert "refused evil.test:443" in result.stderr


@in_bubblewrap
async def test_the_next_jail_has_a_way_out_too(networked, up):
    commands, _ = networked
    await sh(commands, "true")
    first = await commands._jail.get()
    await first.close()
    again = await sh(commands, f"python ask.py 'GET http://hub.test:{up.port}/ HTTP/1.1'")
    assert "200 OK" in again.stdout


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@in_bubblewrap
async def test_with_the_workspace_everything_closes(networked):
    commands, _ = networked
    await sh(commands, "true")
    before = descriptors()
    await commands.close()
    assert descriptors() < before


@in_landlock
async def test_landlock_cannot_bound_addresses_so_commands_have_no_network_there(networked, up):
    commands, workspaces = networked
    result = await sh(
        commands, f"env | grep -i proxy; python ask.py 'GET http://hub.test:{up.port}/'"
    )
    assert "proxy" not in result.stdout
    assert "PermissionError" in result.stderr
    assert up.received == []
    [network] = [each for each in await workspaces.examine() if each.name == "sandbox.network"]
    assert (network.held, network.required) == (False, False)
    assert "landlock" in network.said
    assert "bubblewrap" in network.way_out


@in_bubblewrap
async def test_an_examination_lists_what_is_reached_and_tries_the_jail_with_sockets(networked, up):
    _, workspaces = networked
    found = {each.name: each for each in await workspaces.examine()}
    assert found["sandbox.network"].held
    assert f"hub.test:{up.port}" in found["sandbox.network"].said
    assert found["sandbox.bubblewrap.connect"].held


async def test_without_a_list_an_examination_says_that_there_is_no_network(workspaces):
    found = {each.name: each for each in await workspaces.examine()}
    assert "commands have none" in found["sandbox.network"].said


HUNT = (
    "env; set; cat /proc/*/environ /proc/*/cmdline /proc/net/tcp; find / -xdev -type f -size -100k -newer ask.py"
    " -exec cat {} + 2>/dev/null; python hunt.py"
)
MEMORY = """
import glob
for path in glob.glob("/proc/[0-9]*/mem"):
    try:
        open(path, "rb").read(1)
        print("open", path)
    except OSError:
        pass
"""


@in_bubblewrap
async def test_a_credential_goes_with_the_request_and_is_nowhere_inside(
    networked, root, up, vault, tmp_path
):
    commands, _ = networked
    await vault.set(
        Grant("hub", ORG, "command-host", f"http://hub.test:{up.port}"), SecretStr(SECRET), ANN
    )
    up.echo = True
    (root / "hunt.py").write_text(MEMORY)
    asking = f"python ask.py 'GET http://hub.test/v1 HTTP/1.1' 'TRACE http://hub.test/ HTTP/1.1' & {HUNT}; wait"
    result = await sh(commands, asking, timeout_s=60)
    assert f"Bearer {SECRET}".encode() in up.received[0]
    assert "Bearer ***" in result.stdout
    everything = result.stdout + result.stderr
    encoded = base64.b64encode(SECRET.encode()).decode()
    assert not [piece for piece in (SECRET, "canaryq8", encoded[:-4]) if piece in everything]
    files = [path for place in (root, tmp_path) for path in place.rglob("*") if path.is_file()]
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


GET = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="ca.pem")
opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
print(opener.open(sys.argv[1]).read())
"""


@in_bubblewrap
async def test_programs_speak_tls_through_a_tunnel_to_the_host_itself(tmp_path, root, opened_to):
    theirs, _ = certified(tmp_path, "hub.test")
    _, _, certificate = (tmp_path / "server.pem").read_text().partition("-----END PRIVATE KEY-----")
    (root / "ca.pem").write_text(certificate)
    (root / "get.py").write_text(GET)
    async with serving(Upstream(), theirs) as secure:
        commands, _ = await opened_to(secure)
        result = await sh(commands, f"python get.py https://hub.test:{secure.port}/")
    assert result.stdout == "b'ok'\n", result.stderr
