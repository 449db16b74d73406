"""A child run in the same conversation."""
