"""Verbs of the product: each authorises, loads, appends, and returns a typed result."""
