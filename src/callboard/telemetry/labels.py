"""Labels of bounded variety: what definitions and models name must not fill the memory of whoever monitors."""

from typing import Final

OTHER: Final = "other"
_LONGEST: Final = 100


class Few:
    """Lets the first values pass as they are, and calls every later one `other`."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        """Return the label for a value."""
        cut = value[:_LONGEST] or OTHER
        if cut in self._known:
            return cut
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(cut)
        return cut
