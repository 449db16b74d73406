"""A command must not be able to make somebody's later git run code."""

import pytest

from callboard.testing.workspace.commands import sh

pytestmark = pytest.mark.anyio

PLANT = """
echo '#!/bin/sh
touch PLANTED' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
git config core.fsmonitor 'touch PLANTED; false'
git config alias.status '!touch PLANTED'
echo '* filter=evil' > .git/info/attributes
"""


@pytest.fixture
def committed(repository):
    repository.commit({"a.txt": "one\n"})
    return repository


@pytest.fixture
async def inside(workspaces, committed):
    opened = await workspaces.open(str(committed.place))
    yield opened.commands
    await opened.close()


async def test_planted_hooks_and_configuration_are_gone_afterwards(inside, committed):
    config = (committed.place / ".git" / "config").read_bytes()
    result = await sh(inside, PLANT)
    assert (committed.place / ".git" / "config").read_bytes() == config
    assert not (committed.place / ".git" / "hooks" / "post-checkout").exists()
    committed.git("status")
    committed.git("checkout", "--quiet", "-b", "other")
    assert not (committed.place / "PLANTED").exists()
    assert ".git/config" in result.stderr


@pytest.mark.parametrize(
    "attack",
    [
        "mv .git .git2; mkdir .git; cp -r .git2/. .git/; echo evil > .git/config",
        "mv .git g; git init --quiet --separate-git-dir=elsewhere .",
        "mv .git g; ln -s g .git; echo evil > g/config",
        "rm -rf .git/hooks; ln -s /tmp .git/hooks",
        "rm .git/config; mkdir .git/config; touch .git/config/x",
        "chmod -R 777 .git/hooks; echo x > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit",
        "echo ../evil > .git/commondir; mkdir -p evil; echo x > .git/config.worktree",
    ],
)
async def test_control_files_survive_renames_links_and_removal(inside, committed, attack):
    git = committed.place / ".git"
    hooks = sorted(entry.name for entry in (git / "hooks").iterdir())
    config = (git / "config").read_bytes()
    await sh(inside, attack)
    assert git.is_dir()
    assert not git.is_symlink()
    assert (git / "config").read_bytes() == config
    assert not (git / "hooks").is_symlink()
    assert sorted(entry.name for entry in (git / "hooks").iterdir()) == hooks
    assert not (git / "commondir").exists()


async def test_a_repository_that_a_command_makes_has_a_plain_configuration(workspace, root):
    await sh(workspace.commands, "git init --quiet; git config core.fsmonitor evil")
    await sh(workspace.commands, "echo x > .git/hooks/post-checkout; git status")
    assert "evil" not in (root / ".git" / "config").read_text()
    assert not (root / ".git" / "hooks" / "post-checkout").exists()


async def test_a_git_file_that_a_command_makes_is_removed(workspace, root):
    await sh(workspace.commands, "mkdir evil; echo 'gitdir: evil' > .git")
    assert not (root / ".git").exists()


async def test_submodule_configuration_is_kept_too(workspaces, committed):
    module = committed.place / ".git" / "modules" / "sub"
    module.mkdir(parents=True)
    (module / "config").write_text("[core]\n")
    opened = await workspaces.open(str(committed.place))
    await sh(opened.commands, "echo evil > .git/modules/sub/config; mkdir .git/modules/sub/hooks")
    assert (module / "config").read_text() == "[core]\n"
    assert not (module / "hooks").exists()
    await opened.close()


async def test_commits_of_a_command_stay(inside, committed):
    result = await sh(inside, "echo two >> a.txt; git commit --quiet --all --message=two; git log")
    assert result.exit_code == 0
    assert committed.git("log", "--format=%s") == "two\nfiles"
