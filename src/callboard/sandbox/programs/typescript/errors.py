"""What can be wrong with a folder of TypeScript."""


class LinkError(Exception):
    """A file cannot be made into a script. The message names the file, the line and what may be done."""
