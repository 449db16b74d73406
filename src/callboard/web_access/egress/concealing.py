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
        first = self._text[:1]
        place = known.find(first, max(0, len(known) - len(self._text) + 1))
        while place >= 0 and not self._text.startswith(known[place:]):
            place = known.find(first, place + 1)
        return len(known) - place if place >= 0 else 0
