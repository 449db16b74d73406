"""What lets somebody check a log who trusts nobody: Merkle trees, signed notes, checkpoints."""
