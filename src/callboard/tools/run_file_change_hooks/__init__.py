"""Commands that a project wants to be run after changes."""
