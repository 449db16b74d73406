"""What goes wrong with a store for the moment."""

from callboard.domain.errors import LogError


class StoreUnavailable(LogError):
    """The store cannot be read or written at the moment; nothing is half-written."""

    code = "store_unavailable"
