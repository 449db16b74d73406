"""Which hosts the commands of this deployment may reach. Pure.

The list belongs to the deployment: no definition adds to it. A name is judged before anybody resolves it, and what it
resolves to is judged again, because whoever owns a name says where it leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.addresses import is_address, objection
from callboard.engine.hosts import authority, canonical_host

VARIABLE = "CALLBOARD_COMMAND_HOSTS"
USUAL_PORTS = (80, 443)
"""The ports of an entry that names none."""

_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class CommandHosts:
    """A list of hosts and ports; empty: there is no network at all. Addresses are in their shortest spelling."""

    listed: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything may be reached."""
        return bool(self.listed)

    def __str__(self) -> str:
        """Return the list as people read it."""
        return ", ".join(authority(host, port) for host, port in self.listed)

    def mentions(self, host: str) -> bool:
        """Whether a canonical host is listed with any port."""
        return any(name == _shortest(host) for name, _ in self.listed)

    def lists(self, host: str, port: int) -> bool:
        """Whether a canonical host is listed with this port."""
        return (_shortest(host), port) in self.listed

    def problem(self, host: str, port: int) -> str | None:
        """Return why a canonical host may not even be resolved, or None where it may."""
        if self.lists(host, port):
            return None
        if self.mentions(host):
            return f"{VARIABLE} lists it with other ports"
        return f"{VARIABLE} does not list it"

    def address_problem(self, host: str, addresses: Sequence[str], port: int) -> str | None:
        """Return why a listed host may not be connected to at its addresses, or None where it may.

        One address that may not be reached is enough: the next connection would go there. What is not public has
        to be listed as an address, whatever name leads to it.
        """
        for address in addresses:
            reason = objection(address)
            if reason is not None and not self.lists(address, port):
                if is_address(host):
                    return f"it belongs to {reason}"
                there = authority(_shortest(address), port)
                return f"it resolves to {there}, which belongs to {reason} and is not listed as an address"
        return None


def read_command_hosts(text: str) -> CommandHosts:
    """Return the list that somebody wrote: `host` or `host:port`, comma separated.

    Raises:
        ConfigurationInvalid: an entry is none, or stands for more than one host.
    """
    entries = [entry for entry in (word.strip() for word in text.split(",")) if entry]
    found = [pair for entry in entries for pair in _read(entry)]
    return CommandHosts(tuple(dict.fromkeys(found)))


def _read(entry: str) -> list[tuple[str, int]]:
    if "*" in entry:
        raise ConfigurationInvalid(
            f"{VARIABLE}: `{entry}` stands for more hosts than anybody can name, and whoever may put something"
            " on one of them could send anything there; list each host by its name"
        )
    name, port = _parts(entry)
    try:
        host = _shortest(canonical_host(name))
    except ValueError:
        raise _unusable(entry) from None
    return [(host, port)] if port is not None else [(host, usual) for usual in USUAL_PORTS]


def _parts(entry: str) -> tuple[str, int | None]:
    if is_address(entry) or entry.endswith("]"):
        return entry, None
    name, colon, port = entry.rpartition(":")
    if not colon:
        return entry, None
    if ":" in name and not name.startswith("["):
        raise _unusable(entry)
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
        raise _unusable(entry)
    return name, int(port)


def _unusable(entry: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"{VARIABLE}: `{entry}` is not a host or host:port, such as `pypi.org` or `10.1.2.3:8080`"
    )


def _shortest(host: str) -> str:
    return str(ip_address(host)) if is_address(host) else host
