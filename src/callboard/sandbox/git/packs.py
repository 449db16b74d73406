"""Recorded trees as packs: what a tree is made of, as far as its base is not."""

from collections.abc import Sequence

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.tree_packs import LARGEST_PACK, TreePack
from callboard.sandbox.files.naming import is_git_control
from callboard.sandbox.git.objects import LooseObjects
from callboard.sandbox.git.process import GitFailed
from callboard.sandbox.git.store import Store
from callboard.sandbox.git.trees import is_object_id

_NOBODY = "Callboard <callboard@localhost> 0 +0000"
_CHUNK = 1 << 20
_CONTENT_IS_FREE = "=".join(
    (
        "--strict",
        ",".join(
            f"{what}=ignore"
            for what in (
                # what stands in files is whoever's work it is; no command of ours reads them
                *("gitmodulesBlob", "gitmodulesLarge", "gitmodulesMissing", "gitmodulesName"),
                *("gitmodulesParse", "gitmodulesPath", "gitmodulesSymlink", "gitmodulesUpdate"),
                *("gitmodulesUrl", "gitattributesBlob", "gitattributesLarge"),
                *("gitattributesLineLength", "gitattributesMissing", "gitattributesSymlink"),
                *("gitignoreSymlink", "mailmapSymlink"),
            )
        ),
    )
)


async def pack(store: Store, tree: str, base: str, largest: int = LARGEST_PACK) -> TreePack | None:
    """Return what makes a tree out of its base, both of which are in the store; None: it has more than `largest` bytes."""
    before = _stand_in(store, base)
    after = _stand_in(store, tree, before)
    wanted = f"{after}\n^{before}\n".encode()
    arguments = ("pack-objects", "--revs", "--thin", "--stdout", "--quiet")
    content = bytearray()
    async with store.git.stream(*arguments, stdin=wanted) as output:
        while piece := await output.read(_CHUNK):
            content += piece
            if len(content) > largest:
                return None
    return TreePack(tree, base, bytes(content))


async def unpack(store: Store, given: TreePack, largest: int = LARGEST_PACK) -> None:
    """Take a pack in whose base is in the store. Git checks every object in it; see also `require_restorable`.

    Raises:
        ConfigurationInvalid: it is damaged or too large.
    """
    _stand_in(store, given.base)
    arguments = ("index-pack", "--stdin", "--fix-thin", f"--max-input-size={largest}")
    try:
        await store.git.run(*arguments, _CONTENT_IS_FREE, stdin=given.content)
    except GitFailed as problem:
        raise _damaged(given.tree, str(problem)) from None


async def require_restorable(store: Store, tree: str) -> None:
    """Do nothing where a tree is in the store, and names nothing that nobody may restore.

    Raises:
        ConfigurationInvalid: it is damaged.
    """
    if not is_object_id(tree):
        raise _damaged(tree, "that is not the id of a tree")
    try:
        names = await store.git.run("ls-tree", "-r", "-t", "-z", "--name-only", tree)
    except GitFailed as problem:
        raise _damaged(tree, str(problem)) from None
    for path in names.split(b"\0"):
        parts = path.decode(errors="surrogateescape").split("/")
        if any(is_git_control(part) or part in {".", ".."} for part in parts):
            raise _damaged(tree, f"they hold {path!r}")


def _damaged(tree: str, why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"The kept files {tree} are damaged: {why}.")


async def known_among(store: Store, trees: Sequence[str]) -> set[str]:
    """Return those of some trees that are in the store."""
    asked = [tree for tree in trees if is_object_id(tree)]
    wanted = "".join(f"{tree}\n" for tree in asked).encode()
    if not wanted:
        return set()
    found = await store.git.run("cat-file", "--batch-check=%(objecttype)", stdin=wanted)
    lines = found.decode().splitlines()
    return {tree for tree, kind in zip(asked, lines, strict=True) if kind == "tree"}


def _stand_in(store: Store, tree: str, parent: str | None = None) -> str:
    """Store a commit of a tree and return its id: only between commits does git spell out differences. The same
    arguments give the same commit, on any machine.
    """
    above = "" if parent is None else f"parent {parent}\n"
    content = f"tree {tree}\n{above}author {_NOBODY}\ncommitter {_NOBODY}\n\n"
    return LooseObjects(store.objects, store.algorithm()).write("commit", content.encode())
