"""Charts as SVG made here: classes and attributes only, the same numbers in a table behind each."""
