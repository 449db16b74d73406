"""What exists: definitions, messages, events, run and workflow state. No I/O, clock or randomness."""
