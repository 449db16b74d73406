"""Private copies that runs work on at one machine, and go on with at another."""
