"""Documentation of libraries: what is installed first, then a service."""
