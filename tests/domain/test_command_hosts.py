"""The list of hosts that commands may reach, and the credentials that go there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.credential import ORG, Scope
from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.command_credentials import check_grant, endpoint_of, for_request
from callboard.engine.command_hosts import CommandHosts, read_command_hosts
from callboard.settings import read_settings

from .test_credentials import credential

INSIDE = ["10.1.2.3", "127.0.0.1", "169.254.169.254", "fd00:ec2::254", "fe80::1", "::ffff:10.1.2.3"]
PUBLIC = "93.184.216.34"

labels = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
ports = st.integers(1, 65_535)


def test_nothing_is_reached_unless_somebody_lists_it():
    empty = read_settings({"CALLBOARD_HOME": "/nowhere"}).command_hosts
    assert not empty
    assert empty.problem("pypi.org", 443)


def test_an_entry_without_a_port_is_for_the_ports_of_the_web():
    hosts = read_command_hosts(" PyPI.org. , api.test:8443,[2001:DB8::0001]:9,::1 ")
    assert (
        str(hosts)
        == "pypi.org:80, pypi.org:443, api.test:8443, [2001:db8::1]:9, [::1]:80, [::1]:443"
    )
    assert hosts.problem("pypi.org", 443) is None
    assert hosts.problem("api.test", 443) == "CALLBOARD_COMMAND_HOSTS lists it with other ports"
    assert hosts.problem("files.pypi.org", 443) == "CALLBOARD_COMMAND_HOSTS does not list it"


@pytest.mark.parametrize("entry", ["*.example.org", "*", "a.*.org", "*:443"])
def test_a_wildcard_is_refused_and_it_is_said_why(entry):
    with pytest.raises(ConfigurationInvalid, match="list each host by its name"):
        read_settings({"CALLBOARD_HOME": "/nowhere", "CALLBOARD_COMMAND_HOSTS": entry})


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "https://pypi.org",
            "pypi.org/simple",
            "a@b",
            "a b",
            "a:0",
            "a:65536",
            "a:x",
            "a:",
            ":80",
        ),
        *(
            "127.1",
            "0x7f000001",
            "2130706433",
            "[::1",
            "::1]:80",
            "::1::",
            "[fe80::1%eth0]:80",
            "a..b",
            "-",
        ),
        *("a:٣", "[a]:b:1", "a:1:2"),
    ],
)
def test_what_is_no_host_is_refused_when_it_is_read(entry):
    with pytest.raises(ConfigurationInvalid, match="CALLBOARD_COMMAND_HOSTS"):
        read_command_hosts(f"pypi.org,{entry}")


@given(st.text(max_size=40))
def test_whatever_is_written_is_a_list_or_a_mistake_of_the_user(text):
    try:
        hosts = read_command_hosts(text)
    except ConfigurationInvalid:
        return
    assert all(0 < port < 65_536 for _, port in hosts.listed)
    assert read_command_hosts(str(hosts)) == hosts


@given(listed=st.lists(st.tuples(names, ports), max_size=5), host=names, port=ports)
def test_only_what_is_listed_may_be_resolved(listed, host, port):
    hosts = CommandHosts(tuple(listed))
    assert (hosts.problem(host, port) is None) == ((host, port) in listed)


@pytest.mark.parametrize("inside", INSIDE)
def test_a_name_leads_to_no_address_that_is_not_everybody_s(inside):
    hosts = read_command_hosts("wiki.test")
    problem = hosts.address_problem("wiki.test", [PUBLIC, inside], 443)
    assert problem is not None
    assert "is not listed as an address" in problem
    assert hosts.address_problem("wiki.test", [PUBLIC], 443) is None


def test_unless_that_address_is_listed_with_that_port():
    hosts = read_command_hosts("wiki.test,wiki.test:81,10.1.2.3:443")
    assert hosts.address_problem("wiki.test", ["10.1.2.3"], 443) is None
    assert hosts.address_problem("wiki.test", ["10.1.2.3"], 81)
    assert hosts.address_problem("wiki.test", ["10.1.2.4"], 443)


@pytest.mark.parametrize(
    ("base_url", "endpoint"),
    [
        ("https://api.test", ("api.test", 443, True)),
        ("https://API.test:8443/", ("api.test", 8443, True)),
        ("http://10.1.2.3:81", ("10.1.2.3", 81, False)),
        ("https://[::1]", ("::1", 443, True)),
    ],
)
def test_a_base_url_stands_for_a_whole_host(base_url, endpoint):
    found = endpoint_of(base_url)
    assert (found.host, found.port, found.tls) == endpoint


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "",
        "https://api.test/v1",
        "ftp://api.test",
        "https://",
        "https://a:b@c",
        "https://127.1",
    ],
)
def test_one_that_stands_for_less_cannot_be_granted(base_url):
    with pytest.raises(ConfigurationInvalid, match="--base-url https://HOST"):
        check_grant(base_url, ORG)


def test_a_credential_of_one_agent_cannot_be_for_the_jail_that_all_share():
    with pytest.raises(ConfigurationInvalid, match="--scope agent:a"):
        check_grant("https://api.test", Scope("agent", "a"))


def of_commands(name="hub", base_url="https://api.test", scope="org"):
    return replace(credential(name, scope, "command-host"), base_url=base_url)


def test_a_request_gets_the_credential_of_its_host_and_of_no_other():
    hub, other = of_commands(), of_commands("other", "https://other.test:8443")
    stored = [hub, other, credential("work", provider="openai")]
    for port in (80, 443):
        assert for_request(stored, "api.test", port) == (hub, endpoint_of(hub.base_url))
    assert for_request(stored, "api.test", 8080) is None
    assert for_request(stored, "x.api.test", 80) is None
    assert for_request(stored, "other.test", 443) is None
    assert for_request([of_commands(scope="agent:a")], "api.test", 80) is None
    assert for_request([of_commands(base_url="https://api.test/v1")], "api.test", 80) is None


def test_two_credentials_for_one_host_are_a_mistake():
    with pytest.raises(ConfigurationInvalid, match=r"hub, second.*remove all but one"):
        for_request([of_commands(), of_commands("second")], "api.test", 80)
