"""Model vendors: one folder per wire format, each `encode` (pure), `decode` (pure) and a thin provider."""
