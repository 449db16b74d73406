"""Names that others use."""

PUBLISHER = "our-team"
