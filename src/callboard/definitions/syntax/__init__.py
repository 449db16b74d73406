"""The file formats: text to plain values, nothing else."""
