"""What installed packages say of themselves, seen through the confined files."""

from callboard.sandbox.files.ignores import Ignores

_TOPS = frozenset({".venv", "venv", "node_modules"})


class PublishedOnly(Ignores):
    """Rules of ours instead of git's: everything is ignored but the texts that packages are published with.

    Git ignores the folders that packages are installed in because they can be had again, not because
    they hold secrets. These names are part of every package; what else lies there stays out of sight.
    """

    def ignored(self, parts: tuple[str, ...], *, directory: bool = False) -> bool:
        """Whether this path is something else."""
        if not parts or parts[0] not in _TOPS:
            return True
        return not (directory or _is_published(parts))


def _is_published(parts: tuple[str, ...]) -> bool:
    if parts[0] == "node_modules":
        return parts[-1].casefold().partition(".")[0] == "readme"
    return parts[-1] == "METADATA" and parts[-2].endswith(".dist-info")
