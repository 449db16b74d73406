"""Reading a page of the web."""
