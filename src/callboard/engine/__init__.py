"""What happens next: pure functions of a run's state."""
