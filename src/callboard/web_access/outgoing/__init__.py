"""Messages to people and programs outside."""
