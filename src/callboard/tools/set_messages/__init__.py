"""Replacing the conversation."""
