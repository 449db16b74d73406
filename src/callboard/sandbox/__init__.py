"""Confinement: files, commands and snapshots beneath one directory."""
