"""Files of the archive: ZIP files, one or more for each month in which runs ended."""
