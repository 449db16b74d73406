"""Search services, one file each."""
