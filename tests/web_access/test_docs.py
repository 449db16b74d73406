"""Documentation: of what is installed, of the repository, of the service, in this order."""

from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from callboard.ports.web import WebFailed
from callboard.ports.workspace import FileRefused
from callboard.testing.model.loopback import LoopbackEndpoint, LoopbackSite, Reply
from callboard.web_access.docs.context7 import Context7, library_id
from callboard.web_access.docs.index import best_sections
from callboard.web_access.docs.sections import Section, sections
from callboard.web_access.docs.source import LocalThenService

pytestmark = pytest.mark.anyio
SITE_PACKAGES = ".venv/lib/python3.11/site-packages"
METADATA = """\
Metadata-Version: 2.1
Name: Way.Point
Version: 1.2.3
Summary: Finds the way
Project-URL: Home, https://way.example

# Waypoint

It finds the way.

## Routing

Routes are made with `route`.

## Middleware

Middleware wraps handlers.
"""
CANARY = "key-canary-161803"


def put(root, files):
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def install(root, text=METADATA, name="way_point-1.2.3"):
    put(root, {".gitignore": ".venv/\nnode_modules/\n", ".venv/.gitignore": "*\n"})
    put(root, {f"{SITE_PACKAGES}/{name}.dist-info/METADATA": text})


async def found(workspace, library, topic=None, max_tokens=1000, service=None):
    source = LocalThenService(service)
    return await source.find(library, topic, max_tokens=max_tokens, workspace=workspace)


@pytest.mark.parametrize("name", ["way-point", "Way.Point", "WAY_POINT", " way point "])
async def test_an_installed_python_package_is_found_by_any_spelling(root, workspace, name):
    install(root)
    text = await found(workspace, name, "middleware")
    assert text is not None
    assert "Way.Point 1.2.3, installed in .venv/lib" in text
    assert "## Waypoint / Middleware" in text
    assert "Middleware wraps handlers." in text
    assert "Routes are made" not in text


async def test_without_a_topic_the_whole_description_comes(root, workspace):
    install(root)
    text = await found(workspace, "way-point")
    assert text is not None
    assert text.index("Finds the way") < text.index("https://way.example") < text.index("Middle")
    assert await found(workspace, "point") is None


async def test_old_metadata_has_its_description_in_a_field(root, workspace):
    old = "Name: old\nVersion: 1\nDescription: First line\n        \n        Second line\n"
    install(root, old, "old-1")
    text = await found(workspace, "old", "second")
    assert text is not None
    assert "First line\n\nSecond line" in text


async def test_node_packages_are_found_also_where_pnpm_puts_them(root, workspace):
    pnpm = "node_modules/.pnpm/@scope+kit@2.0.0/node_modules/@scope/kit"
    put(
        root,
        {
            "node_modules/next/README.md": "# Next\n\nApp router here.\n",
            f"{pnpm}/readme.markdown": "# Kit\n\nKit things.\n",
        },
    )
    (root / "node_modules/@scope").mkdir()
    (root / "node_modules/@scope/kit").symlink_to(root / pnpm)
    put(root, {".gitignore": "node_modules\n"})
    text = await found(workspace, "Next.js", "router")
    assert text is not None
    assert "App router here." in text
    text = await found(workspace, "@scope/kit")
    assert text is not None
    assert "Kit things." in text


async def test_the_repository_s_own_documentation_counts_where_it_names_the_library(
    root, workspace
):
    put(
        root,
        {
            "README.md": "# Ours\n\nWe use waypoint for routes.\n\n# Other\n\nNothing.\n",
            "docs/deep/routing.rst": "Routing\n=======\n\nwaypoint routes are in routes.py\n",
            "docs/secret.md": "waypoint is secret\n",
            "docs/.env": "waypoint=1\n",
            ".gitignore": "docs/secret.md\n",
        },
    )
    text = await found(workspace, "waypoint", "routes")
    assert text is not None
    assert "README.md in the workspace" in text
    assert "waypoint routes are in routes.py" in text
    assert "secret" not in text
    assert "Nothing." not in text
    whole = await found(workspace, "project")
    assert whole is not None
    assert "Nothing." in whole


async def test_only_what_packages_are_published_with_is_read(root, workspace, tmp_path):
    install(root)
    put(tmp_path, {"outside/README.md": "outside"})
    put(
        root,
        {
            ".env": "KEY=1",
            ".venv/secrets.txt": "x",
            "node_modules/a/.env": "KEY=1",
            "node_modules/a/index.js": "x",
            "node_modules/a/.git/README.md": "x",
            "build/README.md": "x",
        },
    )
    (root / "node_modules/b").symlink_to(tmp_path / "outside")
    (root / "node_modules/c").mkdir()
    (root / "node_modules/c/README.md").symlink_to("/etc/passwd")
    (root / "venv").symlink_to(tmp_path / "outside")
    for path in (
        *(".env", ".venv/secrets.txt", "node_modules/a/.env", "node_modules/a/index.js"),
        *("node_modules/a/.git/README.md", "build/README.md", "node_modules/b/README.md"),
        *("node_modules/c/README.md", "venv/README.md", "../outside/README.md", "node_modules"),
        *("node_modules/../.env", "/etc/passwd", f"{SITE_PACKAGES}/../../../../.env"),
    ):
        with pytest.raises(FileRefused):
            workspace.published.read(path, max_bytes=1000)
    for library in ("b", "c", "..", "../a", ".git", "a/../b"):
        assert await found(workspace, library) is None


def test_text_is_cut_at_headings_but_not_inside_of_code():
    markdown = "intro\n# A\none\n```sh\n# no heading\n```\n## B ##\ntwo\n# C\n\n# D\nthree\n"
    assert [(part.heading, part.text) for part in sections("x", markdown)] == [
        ("", "intro"),
        ("A", "one\n```sh\n# no heading\n```"),
        ("A / B", "two"),
        ("D", "three"),
    ]
    rest = "Title\n=====\n\none\n\nBelow\n-----\n\ntwo\n\nNext\n====\nthree\n\n----\n"
    assert [(part.heading, part.text) for part in sections("x", rest)] == [
        ("Title", "one"),
        ("Title / Below", "two"),
        ("Next", "three\n\n----"),
    ]


def test_long_sections_come_in_pieces_that_lose_nothing():
    text = "\n\n".join(f"paragraph {number} " + "x" * 90 for number in range(300))
    pieces = [part.text for part in sections("x", text)]
    assert max(map(len, pieces)) <= 6000
    assert "\n\n".join(pieces) == text.strip()


@pytest.mark.parametrize("topic", ['"', "a OR NEAR(b)", "* ^ :", "'; DROP TABLE x", "", "ü" * 500])
def test_any_topic_can_be_asked_for(topic):
    assert best_sections([Section("o", "h", "t")], topic) in ([], [Section("o", "h", "t")])


def test_words_in_headings_weigh_more_and_endings_do_not_matter():
    one = Section("o", "Other", "routing routing " + "filler " * 40)
    two = Section("o", "Routes", "how it is done " + "filler " * 40)
    assert best_sections([one, two], "route")[0] == two


@asynccontextmanager
async def context7(text, results=None):
    kinds = {"Content-Type": "application/json"}
    listed = b'{"results": [{"id": "/way/point"}]}' if results is None else results
    pages = {
        "/api/v2/libs/search": Reply([listed], headers=kinds),
        "/api/v2/context": Reply([text.encode()], headers={"Content-Type": "text/plain"}),
    }
    async with LoopbackSite(pages) as site:
        yield site, Context7(SecretStr(CANARY), f"{site.url}/")


async def test_the_service_is_asked_where_nothing_fitting_is_here(root, workspace):
    install(root)
    async with context7("From far away.") as (site, service):
        text = await found(workspace, "way-point", "middleware", service=service)
        assert text is not None
        assert "Middleware wraps" in text
        assert site.received == []
        assert await found(workspace, "way-point", "cats", service=service) == "From far away."
        assert await found(workspace, "elsewhere", service=service) == "From far away."
        assert all(one.headers["authorization"] == f"Bearer {CANARY}" for one in site.received)
        assert "libraryId=/way/point" in site.received[-1].query.replace("%2F", "/")


async def test_of_a_service_that_fails_the_description_that_is_here_makes_up(root, workspace):
    install(root)
    async with LoopbackEndpoint() as endpoint:
        service = Context7(SecretStr(CANARY), endpoint.url)
        text = await found(workspace, "way-point", "cats", service=service)
        assert text is not None
        assert "It finds the way." in text
        with pytest.raises(WebFailed, match="Context7 answered with status 500") as failed:
            await found(workspace, "elsewhere", service=service)
        assert CANARY not in str(failed.value)


async def test_a_library_that_the_service_does_not_know_has_no_documentation(workspace):
    async with context7("x", results=b'{"results": []}') as (_, service):
        assert await found(workspace, "elsewhere", service=service) is None


@pytest.mark.parametrize("answer", [None, 3, [], [3], {}, {"results": 3}, [{"id": ""}], [{}]])
def test_an_answer_without_an_id_has_none(answer):
    assert library_id(answer) is None


def test_the_list_of_libraries_may_come_bare():
    assert library_id([{"id": "/a/b"}, {"id": "/c/d"}]) == "/a/b"
