"""Where a browser may be sent."""

from urllib.parse import urlsplit


def local(path: str) -> str:
    """Return an address within the site; anything else is the first page."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    foreign = parts.scheme or parts.netloc or not path.startswith("/")
    if foreign or path.startswith(("//", "/\\")) or any(ord(sign) < 32 for sign in path):
        return "/"
    return path
