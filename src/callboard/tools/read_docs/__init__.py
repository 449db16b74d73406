"""Documentation of libraries."""
