"""The files of a directory and what they define."""
