"""Secrets: sealed values in the database, and the deployment key that opens them."""
