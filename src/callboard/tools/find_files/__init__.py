"""Finding relevant files."""
