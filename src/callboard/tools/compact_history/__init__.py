"""A summary in the place of a conversation."""
