"""The way out of a jail, as what is in the jail meets it."""

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from tests.unused import unused_port

from callboard.domain.credential import ORG
from callboard.engine.command_hosts import read_command_hosts
from callboard.ports.vault import Grant
from callboard.testing.vault import ANN, MemoryVault
from callboard.testing.way_out import WayOutContract
from callboard.web_access.egress.command_way import CommandWayOut

from .upstream import OK, Upstream, certified, serving

pytestmark = pytest.mark.anyio

SECRET = "canary-271828-of-the-hub"
ENOUGH_S = 20


async def here(host, port):
    """A resolver that leads everywhere to this machine, and keeps nothing from anybody."""
    if host == "nowhere.test":
        raise OSError
    return ("127.0.0.1",)


class Counting:
    """A resolver that answers differently each time."""

    def __init__(self):
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        return ("93.184.216.34",) if len(self.asked) > 1 else ("127.0.0.1",)


class Client:
    """Something in the jail."""

    def __init__(self, port, way):
        self.port = port
        self.way = way

    async def says(self, content):
        """Return all that is answered to some bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(content if isinstance(content, bytes) else content.encode())
            async with asyncio.timeout(ENOUGH_S):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def asks(self, url, *fields, method="GET", body=b""):
        lines = [f"{method} {url} HTTP/1.1", *fields, "", ""]
        return await self.says("\r\n".join(lines).encode() + body)

    def visits(self):
        return [(visit.place, visit.times, visit.refused) for visit in self.way.visits()]


class TestCommandWayOut(WayOutContract):
    @pytest.fixture
    def way_out(self):
        return CommandWayOut(read_command_hosts("hub.test"), resolve=here)


@asynccontextmanager
async def way_out(listed, vault=None, *, resolve=here, **more):
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    made = CommandWayOut(read_command_hosts(listed), vault, resolve=resolve, **more)
    way = await made.open(listening.detach())
    try:
        yield Client(port, way)
    finally:
        await way.close()


def listing(upstream, *names):
    """List names and the address that they lead to, each with the server's port."""
    return ",".join(f"{name}:{upstream.port}" for name in (*names, "127.0.0.1"))


async def test_a_listed_host_is_reached_by_plain_requests_and_through_tunnels():
    async with serving(Upstream()) as up, way_out(listing(up, "hub.test")) as client:
        answer = await client.asks(f"http://hub.test:{up.port}/a?b", "Host: evil.test", "X: y")
        assert answer == OK
        tunnel = f"CONNECT hub.test:{up.port} HTTP/1.1\r\n\r\n"
        answer = await client.says(f"{tunnel}GET /inner HTTP/1.1\r\n\r\n")
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n" + OK
        assert up.received == [
            f"GET /a?b HTTP/1.1\r\nHost: hub.test:{up.port}\r\nX: y\r\nConnection: close\r\n\r\n".encode(),
            b"GET /inner HTTP/1.1\r\n\r\n",
        ]
        assert client.visits() == [(f"hub.test:{up.port}", 2, "")]
        assert client.visits() == []


@pytest.mark.parametrize("line", ["CONNECT {place} HTTP/1.1", "GET http://{place}/ HTTP/1.1"])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("evil.test:{port}", "does not list it"),
        ("hub.test:1", "lists it with other ports"),
        ("x.hub.test:{port}", "does not list it"),
        ("inside.test:{port}", "belongs to this machine and is not listed as an address"),
        ("nowhere.test:{port}", "does not resolve"),
        ("10.1.2.3:{port}", "does not list it"),
        ("169.254.169.254:80", "does not list it"),
        ("[::ffff:7f00:1]:{port}", "does not list it"),
        ("93.184.216.34:443", "does not list it"),
        ("localhost:{port}", "does not list it"),
        ("2130706433:{port}", "unusual spelling"),
        ("0x7f.1:{port}", "unusual spelling"),
        ("%68ub.test:{port}", "names no host"),
    ],
)
async def test_whatever_else_is_asked_for_is_refused_by_one_rule_and_kept(line, place, why):
    async with serving(Upstream()) as up:
        listed = f"hub.test:{up.port},inside.test:{up.port},nowhere.test:{up.port}"
        async with way_out(listed) as client:
            asked = place.format(port=up.port)
            answer = await client.says(line.format(place=asked) + "\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert why.encode() in answer
            [(kept, times, reason)] = client.visits()
            assert (times, why in reason) == (1, True)
            assert kept in {asked, "a host"} or ":" in kept
        assert up.received == []


async def test_a_name_that_is_not_listed_is_never_asked_for():
    resolver = Counting()
    async with way_out("hub.test", resolve=resolver) as client:
        await client.asks("http://the-secret-in-a-name.evil.test/")
        await client.says("CONNECT the-secret.evil.test:443 HTTP/1.1\r\n\r\n")
    assert resolver.asked == []


async def test_a_name_is_resolved_once_and_the_judged_address_is_dialled():
    resolver = Counting()
    async with (
        serving(Upstream()) as up,
        way_out(listing(up, "hub.test"), resolve=resolver) as client,
    ):
        assert await client.asks(f"http://hub.test:{up.port}/") == OK
    assert resolver.asked == ["hub.test"]


async def test_a_redirect_is_handed_back_and_not_followed():
    away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with serving(Upstream(away)) as up, way_out(listing(up, "hub.test")) as client:
        assert await client.asks(f"http://hub.test:{up.port}/") == away
        assert len(up.received) == 1


async def test_a_second_request_behind_the_first_goes_nowhere():
    async with serving(Upstream()) as up, way_out(listing(up, "hub.test")) as client:
        more = b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"
        answer = await client.asks(
            f"http://hub.test:{up.port}/", "Content-Length: 4", method="POST", body=b"body" + more
        )
        assert answer == OK
        assert b"evil.test" not in b"".join(up.received)


async def test_a_body_in_chunks_arrives_whole_and_written_anew():
    chunks = b"5;ext=1\r\nhello\r\n06\r\n world\r\n0\r\nTrailer: x\r\n\r\nGET evil"
    plain = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    async with serving(Upstream(body=len(plain))) as up:
        async with way_out(listing(up, "hub.test")) as client:
            field = "Transfer-Encoding: chunked"
            url = f"http://hub.test:{up.port}/"
            assert await client.asks(url, field, method="POST", body=chunks) == OK
        assert up.received[0].endswith(b"\r\n\r\n" + plain)


async def test_a_server_that_is_not_there_is_told_of():
    port = unused_port()
    async with way_out(f"hub.test:{port},127.0.0.1:{port}") as client:
        answer = await client.asks(f"http://hub.test:{port}/")
        assert answer.startswith(b"HTTP/1.1 502 ")


async def test_what_stands_still_is_ended():
    async with (
        serving(Upstream(body=1)) as up,
        way_out(listing(up, "hub.test"), idle_s=0.05) as client,
    ):
        tunnel = f"CONNECT hub.test:{up.port} HTTP/1.1\r\n\r\n"
        assert (await client.says(tunnel)).startswith(b"HTTP/1.1 200 ")


async def test_who_says_nothing_more_still_gets_the_answer():
    async with serving(Upstream()) as up, way_out(listing(up, "hub.test")) as client:
        for request in (
            "GET http://{}/ HTTP/1.1\r\n\r\n",
            "CONNECT {} HTTP/1.1\r\n\r\nGET /\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
            writer.write(request.format(f"hub.test:{up.port}").encode())
            writer.write_eof()
            async with asyncio.timeout(ENOUGH_S):
                assert (await reader.read()).endswith(OK)
            writer.close()


async def test_there_are_only_so_many_connections_at_once():
    async with way_out("hub.test") as client:
        waiting = [await asyncio.open_connection("127.0.0.1", client.port) for _ in range(64)]
        try:
            assert (await client.says("GET ")).startswith(b"HTTP/1.1 503 ")
        finally:
            for _, writer in waiting:
                writer.close()


async def test_what_was_tried_is_bounded_however_much_is_tried():
    async with way_out("hub.test") as client:
        for number in range(40):
            await client.asks(f"http://evil-{number}.test/")
        visits = client.visits()
        assert len(visits) == 31
        assert visits[-1] == ("others", 10, "there are too many to name")


async def test_with_the_way_its_connections_end():
    async with way_out("hub.test") as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(b"GET ")
        await writer.drain()
        await client.way.close()
        with suppress(ConnectionResetError):
            async with asyncio.timeout(ENOUGH_S):
                assert await reader.read() == b""
        writer.close()


hostile = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from(
            [
                *(
                    b"GET ",
                    b"POST ",
                    b"CONNECT ",
                    b"http://hub.test",
                    b":1",
                    b"/ HTTP/1.1",
                    b"\r\n",
                    b"\n",
                ),
                *(
                    b"\r\n\r\n",
                    b"Content-Length: 5",
                    b"Transfer-Encoding: chunked",
                    b"zz\r\n",
                    b"\x00",
                    b" ",
                ),
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


@settings(
    suppress_health_check=[
        *settings().suppress_health_check,
        HealthCheck.function_scoped_fixture,
    ],
    deadline=None,
)
@given(sent=st.lists(hostile, min_size=1, max_size=3))
def test_hostile_bytes_end_their_connection_and_nothing_else(sent):
    complaints = []

    async def attack():
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        async with serving(Upstream()) as up, way_out(listing(up, "hub.test")) as client:
            for content in sent:
                await _thrown(client.port, content)
            assert await client.asks(f"http://hub.test:{up.port}/") == OK

    asyncio.run(attack())
    assert complaints == []


async def _thrown(port, content):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(content)
        writer.write_eof()
        async with asyncio.timeout(ENOUGH_S):
            answer = await reader.read()
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b""))
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def vault(anyio_backend):
    return MemoryVault()


async def stored(vault, base_url, value=SECRET, name="hub"):
    return await vault.set(Grant(name, ORG, "command-host", base_url), SecretStr(value), ANN)


async def test_a_plain_request_goes_on_over_tls_with_the_credential(tmp_path, vault):
    theirs, trust = certified(tmp_path, "hub.test")
    async with serving(Upstream(), theirs) as up:
        await stored(vault, f"https://hub.test:{up.port}")
        async with way_out(listing(up, "hub.test"), vault, trust=lambda: trust) as client:
            fields = ("authorization: Bearer of-the-jail", "Accept-Encoding: gzip", "X: y")
            for url in ("http://hub.test/v1", f"http://hub.test:{up.port}/v1"):
                assert await client.asks(url, *fields) == OK
            assert client.visits() == [(f"hub.test:{up.port}", 2, "")]
        for head in up.received:
            assert head.startswith(f"GET /v1 HTTP/1.1\r\nHost: hub.test:{up.port}\r\n".encode())
            assert head.lower().count(b"authorization:") == 1
            assert f"Authorization: Bearer {SECRET}\r\n".encode() in head
            assert b"gzip" not in head


async def test_a_server_with_a_certificate_of_somebody_else_never_sees_the_credential(
    tmp_path, vault
):
    theirs, trust = certified(tmp_path, "other.test")
    async with serving(Upstream(), theirs) as up:
        await stored(vault, f"https://hub.test:{up.port}")
        async with way_out(listing(up, "hub.test"), vault, trust=lambda: trust) as client:
            assert (await client.asks("http://hub.test/")).startswith(b"HTTP/1.1 502 ")
        assert SECRET.encode() not in b"".join(up.received)


async def test_an_echo_shows_asterisks(vault):
    async with serving(Upstream(echo=True)) as up:
        await stored(vault, f"http://hub.test:{up.port}")
        async with way_out(listing(up, "hub.test"), vault) as client:
            answer = await client.asks("http://hub.test/")
            assert SECRET.encode() in up.received[0]
            assert b"Bearer " + b"*" * len(SECRET) in answer
            assert SECRET.encode() not in answer
            refused = await client.asks("http://hub.test/", method="TRACE")
            assert refused.startswith(b"HTTP/1.1 403 ")


async def test_other_hosts_and_other_ports_get_no_credential(vault):
    async with serving(Upstream()) as hub, serving(Upstream()) as other:
        await stored(vault, f"http://hub.test:{hub.port}")
        listed = f"{listing(hub, 'hub.test')},{listing(other, 'hub.test', 'other.test')}"
        async with way_out(listed, vault) as client:
            for url in (f"http://hub.test:{other.port}/", f"http://other.test:{other.port}/"):
                assert await client.asks(url, "Authorization: Bearer own") == OK
        assert all(b"Bearer own" in head for head in other.received)
        assert SECRET.encode() not in b"".join(other.received)


async def test_a_credential_opens_no_host_that_is_not_listed(vault):
    async with serving(Upstream()) as up:
        await stored(vault, f"http://hub.test:{up.port}")
        async with way_out("hub.test:80,127.0.0.1:80", vault) as client:
            answer = await client.asks("http://hub.test/")
            assert b"lists it with other ports" in answer
        async with way_out("other.test", vault) as client:
            assert b"does not list it" in await client.asks("http://hub.test/")
        assert up.received == []
    assert (await vault.list())[0].last_used_at is None


async def test_a_rotated_value_counts_at_once_and_a_removed_one_is_gone(vault):
    async with serving(Upstream()) as up:
        await stored(vault, f"http://hub.test:{up.port}")
        async with way_out(listing(up, "hub.test"), vault) as client:
            url = f"http://hub.test:{up.port}/"
            await client.asks(url)
            await vault.rotate("hub", ORG, SecretStr("canary-of-the-next"), ANN)
            await client.asks(url)
            await vault.remove("hub", ORG)
            await client.asks(url)
    assert [b"Bearer" in head for head in up.received] == [True, True, False]
    assert b"canary-of-the-next" in up.received[1]


async def test_a_value_that_no_field_can_hold_is_sent_nowhere_and_not_repeated(vault):
    async with serving(Upstream()) as up:
        await stored(vault, f"http://hub.test:{up.port}", "two wörds canary")
        async with way_out(listing(up, "hub.test"), vault) as client:
            answer = await client.asks("http://hub.test/")
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"canary" not in answer + str(client.visits()).encode()
        assert up.received == []


async def test_two_credentials_for_one_host_are_told_of_by_name(vault):
    async with way_out("hub.test", vault) as client:
        for name in ("one", "two"):
            await stored(vault, "https://hub.test", name=name)
        answer = await client.asks("http://hub.test/")
        assert b"several credentials" in answer
        assert SECRET.encode() not in answer


class BrokenVault(MemoryVault):
    """Its database is gone."""

    async def list(self):
        raise RuntimeError(SECRET)


async def test_a_vault_that_fails_costs_one_request_and_tells_nothing():
    async with serving(Upstream()) as up, way_out(listing(up, "hub.test"), BrokenVault()) as client:
        answer = await client.asks(f"http://hub.test:{up.port}/")
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert SECRET.encode() not in answer
        tunnel = f"CONNECT hub.test:{up.port} HTTP/1.1\r\n\r\n"
        assert OK in await client.says(f"{tunnel}GET / HTTP/1.1\r\n\r\n")
