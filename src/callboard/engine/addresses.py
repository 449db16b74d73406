"""Which addresses belong to everybody. Pure."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_SPECIAL = {
    IPv4Address("168.63.129.16"): "the metadata service of a cloud",
    IPv4Address("169.254.169.254"): "the metadata service of a cloud",
    IPv4Address("100.100.100.200"): "the metadata service of a cloud",
    IPv6Address("fd00:ec2::254"): "the metadata service of a cloud",
}
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_PROTOCOLS = IPv4Network("192.0.0.0/24")  # newer Pythons know it in part, older ones not at all
_SITE_LOCAL = IPv6Network("fec0::/10")
_DOUBTFUL = re.compile(r"[^\x21-\x7e]|[\\\"'`<>^{|}]")


def objection(text: str) -> str | None:
    """Return what an address belongs to if it is not a public one, or None.

    Addresses of the old kind that are wrapped in one of the new kind are judged as what they carry.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return "no address"
    inner = _carried(address) if isinstance(address, IPv6Address) else None
    return _kind(inner or address)


def is_loopback(text: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_address(host: str) -> bool:
    """Whether a host is an address in its usual spelling, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_confidential(url: str) -> bool:
    """Whether nobody on the way can read or change what goes to a URL: TLS, or this very machine. One with signs that
    programs read in different ways, or with something before its host, counts as none.
    """
    if _DOUBTFUL.search(url) is not None:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if "@" in parts.netloc or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    if address in _SPECIAL:
        return _SPECIAL[address]
    if address.is_loopback or address.is_unspecified:
        return "this machine"
    if address.is_link_local:
        return "the link-local range"
    if address.is_multicast:
        return "a group of machines"
    if address in _SITE_LOCAL or address in _PROTOCOLS or address.is_private:
        return "a private network"
    return None if address.is_global and not address.is_reserved else "a reserved range"


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
