"""Which addresses may be reached: the ways in which people tried to get around such rules."""

import pytest

from callboard.engine.addresses import is_loopback, objection
from callboard.ports.web import WebFailed
from callboard.web_access.egress.policy import EgressPolicy, canonical_host, web_url

from .conftest import known

pytestmark = pytest.mark.anyio

NOT_PUBLIC = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.1.1"),
    *(
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
    ),
    *("192.0.2.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::7f00:1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1"),
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # 127.0.0.1 through teredo
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]
REFUSED_URLS = [
    *("http://127.0.0.1/", "http://0177.1/", "http://0177.0.0.1/", "http://2130706433/"),
    *("http://0x7f000001/", "http://0x7f.1/", "http://127.1/", "http://0/", "http://127.0.0.1./"),
    *("http://[::1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:127.0.0.1]/", "http://[::]/"),
    *("http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://a.localhost/"),
    *("http://127。0。0。1/", "http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://ⓛocalhost/"),
    *("http://[fe80::1%25eth0]/", "http://[::1%25lo]/", "http://%31%32%37.0.0.1/"),
    *("http://user@site.test/", "http://user:word@site.test/", "http://127.0.0.1#@site.test/"),
    *("http://site.test\\@127.0.0.1/", "http://127.0.0.1%00.site.test/", "http://a b/"),
    *("http://169.254.169.254/latest/meta-data/", "http://inside.test/", "http://site.test/"),
    *("file:///etc/passwd", "gopher://127.0.0.1:70/", "ftp://public.test/", "dict://localhost/"),
    *("//public.test/", "public.test", "", "http://", "http:///x", "http://public.test:99999/"),
    *("http://public.test:0/", "javascript:alert(1)", "data:text/html,x", "http://nowhere.test/"),
    "http://" + "a." * 130 + "test/",
]


async def reached(policy, text):
    url = web_url(text)
    return await policy.addresses(url.raw_host, url.port)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_everybody_s_is_objected_to(address):
    assert objection(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_objected_to(address):
    assert objection(address) is None


def test_what_is_no_address_is_objected_to():
    assert objection("site.test")
    assert not is_loopback("site.test")
    assert is_loopback("::ffff:127.0.0.1")


@pytest.mark.parametrize("url", REFUSED_URLS)
async def test_no_spelling_leads_to_where_nobody_may_go(url):
    with pytest.raises(WebFailed):
        await reached(EgressPolicy(resolve=known), url)


async def test_a_public_name_leads_to_its_addresses():
    policy = EgressPolicy(resolve=known)
    assert await reached(policy, "https://PUBLIC.test./a?b#c") == ("93.184.216.34",)
    assert await reached(policy, "http://8.8.8.8:8080/") == ("8.8.8.8",)


async def test_one_bad_address_among_good_ones_is_enough_for_a_refusal():
    async def mixed(host, port):
        return ("93.184.216.34", "127.0.0.1")

    with pytest.raises(WebFailed, match="this machine"):
        await reached(EgressPolicy(resolve=mixed), "http://mixed.test/")


async def test_what_is_allowed_in_so_many_words_is_reached_wherever_it_leads():
    policy = EgressPolicy(["inside.test:8080", "localhost", "[::1]:9", "10.0.0.7"], known)
    assert await reached(policy, "http://inside.test:8080/") == ("10.1.2.3",)
    assert await reached(policy, "http://10.0.0.7:1/") == ("10.0.0.7",)
    assert await reached(policy, "http://[::1]:9/") == ("::1",)
    for url in ("http://inside.test/", "http://[::1]/", "http://10.0.0.8/", "http://127.0.0.1/"):
        with pytest.raises(WebFailed, match="CALLBOARD_WEB_ALLOW"):
            await reached(policy, url)


async def test_this_machine_is_reached_where_that_is_wanted_and_nothing_else_is():
    policy = EgressPolicy(resolve=known)
    assert await policy.addresses("127.0.0.1", 3000, own=True) == ("127.0.0.1",)
    for host in ("10.1.2.3", "site.test", "169.254.169.254"):
        with pytest.raises(WebFailed):
            await policy.addresses(host, 3000, own=True)


def test_a_refusal_does_not_tell_what_a_name_resolves_to():
    with pytest.raises(WebFailed) as refused:
        canonical_host("0x7f.1")
    assert "127" not in str(refused.value)
