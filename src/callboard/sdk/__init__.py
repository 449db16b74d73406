"""The way in from Python: run agents from code, with tools that are functions."""
