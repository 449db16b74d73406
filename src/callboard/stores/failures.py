"""What goes wrong with a store for the moment."""

from callboard.domain.errors import StoreUnavailable

__all__ = ["StoreUnavailable"]
