"""A whole file, proposed."""
