"""The same work done by others: each in an environment of its own, asked by one script, against one server."""
