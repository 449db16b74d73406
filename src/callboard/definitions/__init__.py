"""Reading definitions and checking them: every problem, with file and field. Nothing is executed."""
