"""The definition language: what an agent is."""
