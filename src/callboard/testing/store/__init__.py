"""Event stores for tests: one in memory, one that crashes on command, and the contract of all."""
