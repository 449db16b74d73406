"""Releases in memory, and what every keeper of releases does."""

# ruff: noqa: D102 - the names of the tests are their sentences

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from callboard.domain.actor import Actor
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import VersionTaken
from callboard.ports.releases import Release, Releases
from callboard.stores.release_rules import check_successor, chosen, latest_of_each, version_key


class MemoryReleases:
    """See `ports.releases.Releases`."""

    def __init__(self) -> None:
        self._all: list[Release] = []

    async def publish(self, releases: Sequence[Release]) -> None:
        """See `ports.releases.Releases`."""
        for release in releases:
            check_successor(release, self._of(release.publisher, release.id))
        self._all += releases

    async def find(
        self, agent_id: str, *, publisher: str | None = None, version: str | None = None
    ) -> Release | None:
        """See `ports.releases.Releases`."""
        return chosen([one for one in self._sorted() if one.id == agent_id], publisher, version)

    async def versions(self, publisher: str, agent_id: str) -> list[Release]:
        """See `ports.releases.Releases`."""
        return self._of(publisher, agent_id)

    async def latest(self) -> list[Release]:
        """See `ports.releases.Releases`."""
        return latest_of_each(self._sorted())

    async def yank(self, publisher: str, agent_id: str, version: str) -> bool:
        """See `ports.releases.Releases`."""
        wanted = (publisher, agent_id, version)
        places = [
            place
            for place, one in enumerate(self._all)
            if (one.publisher, one.id, one.version) == wanted
        ]
        for place in places:
            self._all[place] = replace(self._all[place], yanked=True)
        return bool(places)

    def _of(self, publisher: str, agent_id: str) -> list[Release]:
        return [one for one in self._sorted() if (one.publisher, one.id) == (publisher, agent_id)]

    def _sorted(self) -> list[Release]:
        return sorted(self._all, key=lambda one: version_key(one.version), reverse=True)


def release(name: str = "one", version: str = "1.0.0", publisher: str = "acme") -> Release:
    """Return a release to publish."""
    definition = AgentDefinition(
        id=name, display_name=name.title(), model="scripted/x", version=version, publisher=publisher
    )
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    ann = Actor(kind="person", name="ann")
    return Release(publisher, name, version, definition.digest, definition, ann, now, "first")


class ReleasesContract:
    """The behaviour of `callboard.ports.releases.Releases`. Give the fixture `releases`."""

    async def test_gives_back_what_was_published(self, releases: Releases) -> None:
        await releases.publish([release()])
        assert await releases.find("one", publisher="acme", version="1.0.0") == release()
        assert await releases.find("one") == release()
        assert await releases.versions("acme", "one") == [release()]

    async def test_the_latest_is_the_greatest_by_number(self, releases: Releases) -> None:
        for version in ("0.9.0", "0.10.0", "1.0.0", "1.0.2", "1.0.10"):
            await releases.publish([release(version=version)])
        found = await releases.find("one", version="latest")
        assert found is not None
        assert found.version == "1.0.10"
        assert [one.version for one in await releases.versions("acme", "one")][:2] == [
            "1.0.10",
            "1.0.2",
        ]

    async def test_a_version_is_never_replaced(self, releases: Releases) -> None:
        await releases.publish([release()])
        with pytest.raises(VersionTaken, match="raise the version"):
            await releases.publish([replace(release(), note="other")])
        assert await releases.find("one") == release()

    async def test_a_version_before_the_latest_is_refused(self, releases: Releases) -> None:
        await releases.publish([release(version="2.0.0")])
        with pytest.raises(VersionTaken):
            await releases.publish([release(version="1.9.9")])

    async def test_several_are_published_together_or_not_at_all(self, releases: Releases) -> None:
        await releases.publish([release("two")])
        with pytest.raises(VersionTaken):
            await releases.publish([release("one"), release("two")])
        assert await releases.find("one") is None

    async def test_a_bare_id_of_two_publishers_means_neither(self, releases: Releases) -> None:
        await releases.publish([release()])
        await releases.publish([release(publisher="other")])
        assert await releases.find("one") is None
        assert await releases.find("one", publisher="other") == release(publisher="other")

    async def test_what_was_yanked_is_found_by_its_exact_version_only(
        self, releases: Releases
    ) -> None:
        await releases.publish([release(version="1.0.0")])
        await releases.publish([release(version="1.1.0")])
        assert await releases.yank("acme", "one", "1.1.0")
        found, exact = await releases.find("one"), await releases.find("one", version="1.1.0")
        assert found is not None
        assert exact is not None
        assert (found.version, exact.yanked) == ("1.0.0", True)
        assert [one.version for one in await releases.latest()] == ["1.0.0"]
        assert not await releases.yank("acme", "one", "9.9.9")

    async def test_nothing_is_found_where_there_is_nothing(self, releases: Releases) -> None:
        assert await releases.find("nobody") is None
        assert await releases.latest() == []
