"""The adapters of `callboard.ports.web`: pages, searches, documentation and a browser."""
