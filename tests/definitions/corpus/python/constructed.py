"""An agent from constructors."""

from callboard import Agent

definition = Agent(id="py-constructed", display_name="Constructed", model="m/x", skills=("review",))
