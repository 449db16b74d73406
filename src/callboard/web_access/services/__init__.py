"""Calls of services that somebody configured, in JSON or text."""
