"""Requests that may come next."""
