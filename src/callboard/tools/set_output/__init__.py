"""Setting the run's output."""
