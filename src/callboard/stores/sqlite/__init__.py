"""The event store on one SQLite file: for one machine, no server."""
