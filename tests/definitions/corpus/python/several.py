"""Two agents in one file."""

definitions = [
    {"id": f"py-{name}", "display_name": name.title(), "model": "m/x"} for name in ("one", "two")
]
