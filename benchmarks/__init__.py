"""Measurements. `python -m benchmarks [NAME…]` prints a table for each and writes JSON beside them."""
