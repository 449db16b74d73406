"""Listing directories."""
