"""Who calls `advance`: dispatch and nothing else."""
