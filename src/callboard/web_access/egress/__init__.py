"""What may be reached, and connections to nothing else."""
