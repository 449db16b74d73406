from functools import partial

import pytest

from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.workspace import Publication
from callboard.sandbox.git.process import Git
from callboard.testing.workspace.commands import sh
from callboard.testing.workspace.snapshots import contents, write

pytestmark = pytest.mark.anyio


@pytest.fixture
def base(repository):
    return repository.commit({"a.txt": "one\n", "sub/b.txt": "two\n", ".gitignore": "*.log\n"})


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "copies" / "task"


async def published(workspaces, repository, base, destination, tree, *, branch="agent/task"):
    change = Publication(
        workspace=str(destination),
        repository=str(repository.place),
        base_commit=base,
        tree=tree,
        branch=branch,
        message="Do the task\n",
        author="Ann <ann@example.org>",
    )
    return await workspaces.publish(change)


async def test_a_clone_has_the_files_and_no_hooks_refs_or_remotes(
    workspaces, repository, base, destination
):
    hook = repository.place / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\ntouch RAN\n")
    hook.chmod(0o755)
    await workspaces.clone(str(repository.place), base, str(destination))
    assert contents(destination) == contents(repository.place)
    assert not (destination / "RAN").exists()
    assert not (destination / ".git" / "hooks").exists()
    assert "remote" not in (destination / ".git" / "config").read_text()


async def test_cloning_again_keeps_what_was_done_meanwhile(
    workspaces, repository, base, destination
):
    await workspaces.clone(str(repository.place), base, str(destination))
    write(destination, "a.txt", "work\n")
    await workspaces.clone(str(repository.place), base, str(destination))
    assert (destination / "a.txt").read_text() == "work\n"


async def test_a_clone_that_vanished_is_made_again(workspaces, repository, base, destination):
    await workspaces.clone(str(repository.place), base, str(destination))
    destination.rename(destination.with_name("gone"))
    await workspaces.clone(str(repository.place), base, str(destination))
    assert (destination / "a.txt").exists()


async def test_a_directory_in_use_is_never_overwritten(workspaces, repository, base, destination):
    write(destination, "mine.txt")
    with pytest.raises(ConfigurationInvalid, match="in use"):
        await workspaces.clone(str(repository.place), base, str(destination))
    assert (destination / "mine.txt").exists()


@pytest.mark.parametrize("lost", ["HEAD^{tree}", "HEAD:sub", "HEAD:a.txt"])
async def test_a_repository_that_lacks_something_is_named_and_nothing_of_it_is_copied(
    workspaces, repository, base, destination, lost
):
    name = repository.git("rev-parse", lost)
    (repository.place / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(ConfigurationInvalid, match=rf"{repository.place}.* cannot be copied: .*"):
        await workspaces.clone(str(repository.place), base, str(destination))
    assert not destination.exists()
    assert list(destination.parent.parent.glob("copies/*")) == []


async def test_a_partial_clone_is_copied_once_it_was_made_whole(
    workspaces, repository, base, destination, tmp_path
):
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    source = f"file://{repository.place}"
    repository.git("clone", "-q", "--no-checkout", "--filter=blob:none", source, str(partial))
    with pytest.raises(ConfigurationInvalid, match="git fetch --refetch --no-filter"):
        await workspaces.clone(str(partial), base, str(destination))
    repository.git("-C", str(partial), "fetch", "-q", "--refetch", "--no-filter")
    await workspaces.clone(str(partial), base, str(destination))
    assert contents(destination) == contents(repository.place)


async def test_a_repository_with_a_line_break_in_its_path_is_refused_in_words(
    workspaces, repository, base, destination
):
    place = repository.place.rename(repository.place.with_name("odd\nname"))
    with pytest.raises(ConfigurationInvalid, match=r"odd\\nname.*line break in its path"):
        await workspaces.clone(str(place), base, str(destination))


async def test_leaving_a_command_of_git_early_is_nothing_to_complain_of(repository, base, caplog):
    git = Git(str(repository.place / ".git"))
    for _ in range(100):
        async with git.stream("cat-file", "--batch", stdin=f"{base}\n".encode()) as output:
            size = int((await output.readline()).split()[2])
            await output.readexactly(size + 1)
    assert caplog.records == []


async def test_git_works_inside_a_clone(workspaces, repository, base, destination):
    await workspaces.clone(str(repository.place), base, str(destination))
    workspace = await workspaces.open(str(destination))
    result = await sh(workspace.commands, "git status --short && git log --format=%H")
    assert (result.stdout.strip(), result.exit_code) == (base, 0)
    await workspace.close()


async def test_filters_submodules_and_lfs_of_a_hostile_repository_run_nothing(
    workspaces, repository, destination, tmp_path
):
    base = repository.commit(
        {
            ".gitattributes": "* filter=lfs\n",
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {tmp_path}/RAN\n',
            "big.bin": "version https://git-lfs.github.com/spec/v1\n",
        }
    )
    for setting in ("filter.lfs.smudge", "filter.lfs.process", "core.fsmonitor", "core.sshCommand"):
        repository.git("config", setting, f"touch {tmp_path}/RAN")
    await workspaces.clone(str(repository.place), base, str(destination))
    assert (destination / "big.bin").read_text().startswith("version")
    assert not (tmp_path / "RAN").exists()


async def test_tracked_files_that_are_ignored_as_well_are_recorded(
    workspaces, repository, destination
):
    base = repository.commit({".gitignore": "*.log\n", "kept.log": "tracked\n"})
    await workspaces.clone(str(repository.place), base, str(destination))
    workspace = await workspaces.open(str(destination))
    snapshot = await workspace.snapshots.record(repository.tree(base))
    assert (snapshot.changes, snapshot.tree) == ((), repository.tree(base))
    await workspace.close()


async def test_publishing_sets_a_branch_and_touches_nothing_else(
    workspaces, repository, base, destination
):
    await workspaces.clone(str(repository.place), base, str(destination))
    workspace = await workspaces.open(str(destination))
    write(destination, "new.txt", "new\n")
    tree = (await workspace.snapshots.record(repository.tree(base))).tree
    write(repository.place, "a.txt", "uncommitted\n")
    index = (repository.place / ".git" / "index").read_bytes()
    hook = repository.place / ".git" / "hooks" / "reference-transaction"
    hook.write_text("#!/bin/sh\ntouch RAN\n")
    hook.chmod(0o755)
    commit = await published(workspaces, repository, base, destination, tree)
    again = await published(workspaces, repository, base, destination, tree)
    assert again == commit
    assert not (repository.place / "RAN").exists()
    assert (repository.place / ".git" / "index").read_bytes() == index
    assert (repository.place / "a.txt").read_text() == "uncommitted\n"
    hook.unlink()
    assert repository.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert repository.git("rev-parse", "agent/task", "agent/task^") == f"{commit}\n{base}"
    assert repository.git("show", "--format=%an <%ae>|%s", "--name-only", "agent/task") == (
        "Ann <ann@example.org>|Do the task\n\nnew.txt"
    )
    repository.git("fsck", "--strict")
    await workspace.close()


async def test_the_checked_out_branch_is_never_set(workspaces, repository, base, destination):
    await workspaces.clone(str(repository.place), base, str(destination))
    with pytest.raises(ConfigurationInvalid, match="checked out"):
        await published(
            workspaces, repository, base, destination, repository.tree(base), branch="main"
        )
    assert repository.git("rev-parse", "main") == base


async def test_a_branch_in_the_way_is_named_with_the_way_out(
    workspaces, repository, base, destination
):
    await workspaces.clone(str(repository.place), base, str(destination))
    repository.git("branch", "callboard")
    handed_over = partial(
        published, workspaces, repository, base, destination, repository.tree(base)
    )
    with pytest.raises(ConfigurationInvalid, match="git branch -m callboard"):
        await handed_over(branch="callboard/x")
    repository.git("branch", "-m", "callboard", "callboard-of-old")
    assert await handed_over(branch="callboard/x") == repository.git("rev-parse", "callboard/x")


@pytest.mark.parametrize(
    "branch", ["-D", "--upload-pack=x", "a..b", "a b", "", "HEAD", "x.lock", "a\0b", "@{-1}", "/x"]
)
async def test_what_is_no_branch_name_is_refused(workspaces, repository, base, destination, branch):
    await workspaces.clone(str(repository.place), base, str(destination))
    with pytest.raises(ConfigurationInvalid, match="branch name"):
        await published(
            workspaces, repository, base, destination, repository.tree(base), branch=branch
        )


@pytest.mark.parametrize("commit", ["--all", "-x", "", "nope", "0" * 40])
async def test_what_is_no_commit_is_refused(workspaces, repository, base, destination, commit):
    with pytest.raises(ConfigurationInvalid):
        await workspaces.clone(str(repository.place), commit, str(destination))
    assert not destination.exists()


@pytest.mark.parametrize("repository_", ["ext::touch RAN", "--upload-pack=touch RAN", "/nowhere"])
async def test_only_directories_are_repositories(workspaces, destination, repository_):
    with pytest.raises(ConfigurationInvalid):
        await workspaces.clone(repository_, "HEAD", str(destination))
    with pytest.raises(ConfigurationInvalid):
        await workspaces.head(repository_)


async def test_head_is_the_commit_that_is_checked_out(workspaces, repository, root):
    with pytest.raises(ConfigurationInvalid):
        await workspaces.head(str(repository.place))
    commit = repository.commit({"a.txt": "one\n"})
    assert await workspaces.head(str(repository.place)) == commit


async def test_opening_what_is_no_directory_is_a_mistake(workspaces, tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "nope", tmp_path / "file", "nul\0"):
        with pytest.raises(ConfigurationInvalid):
            await workspaces.open(str(place))


async def test_a_repository_of_any_object_format_can_be_cloned(workspaces, tmp_path, destination):
    place = tmp_path / "sha256"
    git = Git(str(place / ".git"))
    place.mkdir()
    await git.run("init", "--quiet", "--object-format=sha256")
    tree = await git.line("mktree")
    people = {
        f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    commit = await Git(str(place / ".git"), environment=people).line("commit-tree", tree, "-m", "x")
    await workspaces.clone(str(place), commit, str(destination))
    workspace = await workspaces.open(str(destination))
    assert (await workspace.snapshots.record(None)).tree == tree
    await workspace.close()
