"""Events by family, and the union of all of them."""
