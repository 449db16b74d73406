"""Packs that nobody of us made: nothing of them is restored."""

import hashlib
import os
import struct
import zlib
from pathlib import Path

import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.tree_packs import TreePack
from callboard.sandbox.git.packs import unpack

from .machines import files_of

pytestmark = pytest.mark.anyio


def object_of(kind, content):
    """Return an object as a pack has it, and its id."""
    number, size = {"tree": 2, "blob": 3}[kind], len(content)
    head = bytearray([number << 4 | size & 15])
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    name = hashlib.sha1(b"%b %d\0%b" % (kind.encode(), len(content), content)).digest()
    return bytes(head) + zlib.compress(content), name


def packed(*objects):
    body = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects)
    return body + hashlib.sha1(body).digest()


ESCAPED = Path("/tmp/escaped-from-a-pack")
BLOB, BLOB_NAME = object_of("blob", b"evil\n")


def tree_with(*rows):
    return object_of("tree", b"".join(b"%b %b\0%b" % row for row in rows))


def hostile(*trees):
    """Return a pack that makes the last one of some trees."""
    return TreePack(trees[-1][1].hex(), "", packed(BLOB, *(content for content, _ in trees)))


HOOKS = tree_with((b"100755", b"config", BLOB_NAME))
HOSTILE = {
    "a .git directory": hostile(HOOKS, tree_with((b"40000", b".git", HOOKS[1]))),
    "a .GIT directory": hostile(HOOKS, tree_with((b"40000", b".GIT", HOOKS[1]))),
    "a short name of it": hostile(HOOKS, tree_with((b"40000", b"git~1", HOOKS[1]))),
    "a way out": hostile(tree_with((b"100644", b"../escaped", BLOB_NAME))),
    "a parent": hostile(HOOKS, tree_with((b"40000", b"..", HOOKS[1]))),
    "an absolute path": hostile(tree_with((b"100644", bytes(ESCAPED), BLOB_NAME))),
    "the same name twice": hostile(
        HOOKS,
        tree_with((b"120000", b"a", BLOB_NAME), (b"40000", b"a", HOOKS[1])),
    ),
    "what is not there": hostile(tree_with((b"100644", b"a", b"\x01" * 20))),
    "another tree": TreePack("e" * 40, "", packed(BLOB, HOOKS[0])),
    "no tree": TreePack(BLOB_NAME.hex(), "", packed(BLOB)),
    "nothing": TreePack(HOOKS[1].hex(), "", b""),
    "garbage": TreePack(HOOKS[1].hex(), "", b"PACK" + bytes(range(256)) * 10),
    "half of it": TreePack(HOOKS[1].hex(), "", packed(BLOB, HOOKS[0])[:-30]),
    "a broken sum": TreePack(HOOKS[1].hex(), "", packed(BLOB, HOOKS[0])[:-1] + b"\0"),
    "an option": TreePack("--help", "", packed(BLOB, HOOKS[0])),
}


def nothing_escaped():
    return not ESCAPED.exists()


@pytest.mark.parametrize("what", HOSTILE)
async def test_packs_that_nobody_should_have_made_are_refused(machine, repository, packs, what):
    repository.commit({"a.txt": "one\n"})
    first, second = machine("first"), machine("second")
    root = await first.begin(repository.place)
    (Path(root) / "a.txt").write_text("two\n")
    await first.record(root)
    copy, given = packs.copies[root], HOSTILE[what]
    given = TreePack(given.tree, copy.base_tree, given.content)
    packs.packs[root, given.tree] = given
    await packs.keep(root, copy.place, given.tree, None)
    for _ in range(2):
        with pytest.raises(ConfigurationInvalid, match="damaged"):
            await second.take(root)
    assert files_of(second.copies / "T-1") == {b"a.txt": (0, b"one\n")}
    assert packs.copies[root].place == copy.place
    assert nothing_escaped()


async def test_a_pack_larger_than_any_that_is_made_is_refused(machine, repository, packs):
    repository.commit({"a.txt": "one\n"})
    first = machine("first")
    root = await first.begin(repository.place)
    (Path(root) / "large.bin").write_bytes(os.urandom(50_000))
    tree = (await first.record(root)).tree
    with pytest.raises(ConfigurationInvalid, match="damaged"):
        await unpack(first.near.store_of(root), packs.packs[root, tree], largest=20_000)
