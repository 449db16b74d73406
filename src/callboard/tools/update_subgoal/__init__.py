"""How a part of the goal stands."""
