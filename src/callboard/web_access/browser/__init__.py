"""A confined Chromium."""
