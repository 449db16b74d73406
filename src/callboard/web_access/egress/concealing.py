"""A text made unreadable in a stream, wherever the stream is cut into pieces. Pure."""


class Concealing:
    """Puts as many asterisks in the place of a text; lengths that were announced before stay true."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._stars = b"*" * len(text)
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; return what can go on. What may be the beginning of the text is held back."""
        known = (self._held + piece).replace(self._text, self._stars)
        held = self._beginning(known)
        self._held = known[len(known) - held :]
        return known[: len(known) - held]

    def rest(self) -> bytes:
        """Return what was held back, at the end."""
        rest, self._held = self._held, b""
        return rest

    def _beginning(self, known: bytes) -> int:
        """Return how many of the last bytes could be the first ones of the text."""
        longest = min(len(known), len(self._text) - 1)
        return next(
            (size for size in range(longest, 0, -1) if self._text.startswith(known[-size:])), 0
        )
