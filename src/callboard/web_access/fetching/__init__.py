"""Pages by HTTP."""
