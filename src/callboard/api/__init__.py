"""The use cases over HTTP: JSON, problems with stable codes, streams of events."""
