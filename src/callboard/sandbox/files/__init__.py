"""Files beneath the workspace root, reached through directory descriptors only."""
