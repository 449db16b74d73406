"""What monitoring sees: numbers for Prometheus, traces for OpenTelemetry. Both follow from events, beside the runs."""
