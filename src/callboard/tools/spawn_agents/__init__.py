"""Starting other agents."""
