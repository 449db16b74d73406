"""Versions of published definitions: three numbers."""

import re

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")

Version = tuple[int, int, int]


def parse_version(text: str) -> Version | None:
    """Return the numbers of `major.minor.patch`, or None."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def next_patch(latest: str | None) -> str:
    """Return the version after `latest`; the first one is 0.0.1."""
    major, minor, patch = parse_version(latest or "0.0.0") or (0, 0, 0)
    return f"{major}.{minor}.{patch + 1}"
