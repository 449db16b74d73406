"""What a page logs in a browser."""
