"""What the wire formats share: JSON, server-sent events, tool calls, failures, the HTTP transport."""
