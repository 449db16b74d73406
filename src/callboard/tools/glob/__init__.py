"""Finding files by pattern."""
