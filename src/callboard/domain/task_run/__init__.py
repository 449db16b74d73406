"""The state of a workflow run: one task on its way through a workflow."""
