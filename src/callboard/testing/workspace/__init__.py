"""Contract suites of the workspace ports: what every adapter does, on a real directory."""
