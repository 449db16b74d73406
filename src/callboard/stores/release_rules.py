"""Rules on releases that hold in every store."""

from collections.abc import Sequence

from callboard.domain.definition.versions import Version, parse_version
from callboard.domain.errors import VersionTaken
from callboard.ports.releases import Release


def version_key(version: str) -> Version:
    """Return a version's numbers.

    Raises:
        VersionTaken: it is no version; nothing can be stored under it.
    """
    key = parse_version(version)
    if key is None:
        raise VersionTaken(f"{version!r} is not a version; use major.minor.patch")
    return key


def check_successor(release: Release, known: Sequence[Release]) -> None:
    """Do nothing where a release comes after all that there are.

    Raises:
        VersionTaken: it does not.
    """
    for other in known:
        if other.version == release.version:
            raise VersionTaken(
                f"{release.reference} is published already (by {other.actor.name}); versions are never "
                "replaced: raise the version"
            )
        if version_key(other.version) > version_key(release.version):
            raise VersionTaken(
                f"{release.reference} cannot be published after {other.version}; raise the version"
            )


def chosen(found: Sequence[Release], publisher: str | None, version: str | None) -> Release | None:
    """Return the one that is asked for of an id's releases, the latest of each publisher first."""
    theirs = [one for one in found if publisher in (None, one.publisher)]
    if len({one.publisher for one in theirs}) > 1:
        return None  # whose is meant?
    if version not in (None, "latest"):
        return next((one for one in theirs if one.version == version), None)
    return next((one for one in theirs if not one.yanked), None)


def latest_of_each(found: Sequence[Release]) -> list[Release]:
    """Return the first of each agent that is not yanked; given the latest first."""
    latest: dict[tuple[str, str], Release] = {}
    for one in found:
        if not one.yanked:
            latest.setdefault((one.publisher, one.id), one)
    return [latest[key] for key in sorted(latest)]
