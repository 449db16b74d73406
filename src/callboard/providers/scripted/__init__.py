"""A model that says what a script says: offline, exact, for tests and demonstrations."""
