"""A part of the goal."""
