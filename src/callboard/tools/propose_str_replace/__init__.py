"""Replacements, proposed."""
