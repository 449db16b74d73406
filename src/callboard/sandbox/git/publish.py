"""Handing results over: one commit on a branch of the user's repository, and nothing else touched."""

import re
from dataclasses import replace

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.workspace import Publication
from callboard.sandbox.git.process import Git, GitFailed
from callboard.sandbox.git.repositories import commit_id, locate, shared_objects
from callboard.sandbox.git.store import Store
from callboard.sandbox.git.trees import is_object_id

_COMMITTER = "Callboard"
_ADDRESS = "callboard@localhost"
_PERSON = re.compile(r"^(?P<name>[^<>]*?)\s*<(?P<address>[^<>\s]+)>$")
_UNSAFE = re.compile(r"[\x00-\x1f<>\x7f]+")


async def publish(store: Store, change: Publication) -> str:
    """Commit a recorded tree on top of a commit and set a branch to it; return the commit's id.

    The date is the base commit's, so the same change gives the same commit.

    Raises:
        ConfigurationInvalid: a bad branch name, a checked-out branch, an unknown commit or tree.
        GitFailed: the branch cannot be set.
    """
    target = await locate(change.repository)
    reference = await _reference(target, change.branch)
    if not is_object_id(change.tree):
        raise ConfigurationInvalid(f"{change.tree!r} is not a tree id.")
    base = await commit_id(target, change.base_commit)
    commit = await _commit(store, target, base, change)
    await target.run("update-ref", "-m", "callboard: publish", reference, commit)
    return commit


async def _reference(target: Git, branch: str) -> str:
    reference = f"refs/heads/{branch}"
    if not await _is_branch_name(target, branch):
        raise ConfigurationInvalid(f"{branch!r} is not a branch name.")
    worktrees = await target.run("worktree", "list", "--porcelain")
    if f"branch {reference}" in worktrees.decode(errors="replace").splitlines():
        raise ConfigurationInvalid(f"{branch} is checked out; choose another branch.")
    await _check_room(target, branch)
    return reference


async def _check_room(target: Git, branch: str) -> None:
    """A branch is a file of git's, so none can be a folder for another one."""
    parts = branch.split("/")
    above = ["/".join(parts[:end]) for end in range(1, len(parts))]
    if not above:
        return
    named = [f"refs/heads/{name}" for name in above]
    found = await target.run("for-each-ref", "--format=%(refname)", *named)
    in_the_way = [name for name in named if name in found.decode(errors="replace").splitlines()]
    if in_the_way:
        name = in_the_way[0].removeprefix("refs/heads/")
        raise ConfigurationInvalid(
            f"git keeps no branch {branch} beside one that is called {name}. Rename that one "
            f"(git branch -m {name} …), then go on with `callboard runs resume`."
        )


async def _is_branch_name(target: Git, branch: str) -> bool:
    if branch.startswith("-") or "\0" in branch or branch == "HEAD":
        return False
    try:
        await target.run("check-ref-format", f"refs/heads/{branch}")
    except GitFailed:
        return False
    return True


async def _commit(store: Store, target: Git, base: str, change: Publication) -> str:
    date = await target.line("show", "-s", "--no-show-signature", "--format=%ct", base)
    name, address = _person(change.author)
    environment = {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": ":".join(
            _quoted(place) for place in await shared_objects(target)
        ),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_AUTHOR_DATE": f"@{date} +0000",
        "GIT_COMMITTER_NAME": _COMMITTER,
        "GIT_COMMITTER_EMAIL": _ADDRESS,
        "GIT_COMMITTER_DATE": f"@{date} +0000",
    }
    own = replace(store.git, environment=environment)
    text = change.message.encode(errors="replace").replace(b"\0", b"")
    commit = await own.line("commit-tree", change.tree, "-p", base, stdin=text)
    wanted = f"{commit}\n^{base}\n".encode()
    pack = await own.run("pack-objects", "--revs", "--stdout", "--quiet", stdin=wanted)
    await target.run("unpack-objects", "-q", stdin=pack)
    return commit


def _person(author: str) -> tuple[str, str]:
    match = _PERSON.match(_UNSAFE.sub(" ", author).strip() if "<" not in author else author.strip())
    if match:
        return _UNSAFE.sub(" ", match["name"]).strip() or _COMMITTER, match["address"]
    return _UNSAFE.sub(" ", author).strip() or _COMMITTER, _ADDRESS


def _quoted(path: str) -> str:
    """Quote a path for a list that is separated by colons."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
