"""Public test doubles and contract suites: what Callboard's own tests are written with."""
