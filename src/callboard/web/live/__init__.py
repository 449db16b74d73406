"""Live pages: one socket for each tab, topics with a cursor each, every change rendered once for all who watch."""
