"""Hosts in the one spelling that is judged. Pure."""

import re

from callboard.engine.addresses import is_address, is_loopback

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\Z")
_LIKE_A_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
_LONGEST_NAME = 253


def canonical_host(host: str) -> str:
    """Return a host name or address in the usual spelling.

    Raises:
        ValueError: it is neither, or an address in a spelling that hides which one it is; says so in words.
    """
    plain = host.removeprefix("[").removesuffix("]").lower()
    plain = plain.removesuffix(".") if ":" not in plain else plain
    if is_address(plain) and "%" not in plain:
        return plain
    if len(plain) > _LONGEST_NAME or not _NAME.match(plain):
        raise ValueError("The URL names no host that could be reached.")
    if _LIKE_A_NUMBER.match(plain.rpartition(".")[2]):
        raise ValueError(f"{plain} is an address in an unusual spelling; write it as a.b.c.d.")
    return plain


def is_own_name(host: str) -> bool:
    """Whether a canonical host is a spelling of this machine."""
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host)


def authority(host: str, port: int, usual_port: int | None = None) -> str:
    """Return a canonical host and a port as they are written together, without the port where it is the usual one."""
    name = f"[{host}]" if ":" in host else host
    return name if port == usual_port else f"{name}:{port}"
