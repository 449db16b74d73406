"""Commands in confinement."""
