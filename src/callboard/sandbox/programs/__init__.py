"""Programs that definitions bring along, run in a confined worker."""
