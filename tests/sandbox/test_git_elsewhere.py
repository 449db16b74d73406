"""Workspaces whose `.git` is no directory: linked worktrees, submodules, links. Commands run there all the same."""

import os

import pytest

from callboard.testing.workspace.commands import sh

pytestmark = pytest.mark.anyio

PLACES = {
    "a file that names a directory elsewhere": lambda git: git.write_text("gitdir: /nowhere\n"),
    "a link that leads out": lambda git: git.symlink_to(git.parent.parent),
    "a link to nothing": lambda git: git.symlink_to("nowhere"),
    "a link to itself": lambda git: git.symlink_to(".git"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", PLACES)
async def test_commands_run_whatever_git_is(commands, root, kind):
    PLACES[kind](root / ".git")
    result = await sh(commands, "echo here")
    assert (result.stdout, result.stderr, result.exit_code) == ("here\n", "", 0)


async def test_the_file_that_names_the_git_directory_stays_what_it_is(commands, root):
    said = "gitdir: /nowhere\n"
    (root / ".git").write_text(said)
    await sh(commands, "echo 'gitdir: evil' > .git; mkdir evil; mv .git away; ln -s evil .git")
    assert not (root / ".git").is_symlink()
    assert (root / ".git").read_text() == said


@pytest.mark.parametrize("name", ["kept", "..kept"])
async def test_a_link_to_a_directory_of_the_workspace_stays_what_it_is(commands, root, name):
    (root / name / "hooks").mkdir(parents=True)
    (root / name / "config").write_text("[core]\n")
    (root / ".git").symlink_to(name)
    result = await sh(commands, "echo here; rm .git; ln -s evil .git")
    assert result.stdout == "here\n"
    assert (root / ".git").readlink().name == name
