"""Who may call what with which arguments: rules, and what they come to for a call."""
