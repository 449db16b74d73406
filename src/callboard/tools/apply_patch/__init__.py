"""Patches to single files."""
