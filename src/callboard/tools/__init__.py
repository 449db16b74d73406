"""The tools that agents work with: one folder per tool, listed in `catalog`."""
