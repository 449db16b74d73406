"""Incidents of other products that judged a path by how it is spelt. What counts here is what was touched."""

import hashlib
import shlex

import pytest
from tests.sandbox.conftest import KINDS
from tests.tools.conftest import call, workspace

from callboard.definitions.folder import load_folder
from callboard.ports.workspace import FileRefused
from callboard.sandbox.workspaces import open_workspaces
from callboard.testing.workspace.commands import sh

__all__ = ["call", "workspace"]
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SECRET = "canary-of-the-neighbour"


@pytest.fixture
def root(tmp_path):
    """A workspace whose neighbours have names that begin with its own."""
    for name in ("safe", "safe-evil", "safe-evil/repository", "safeguard", "safe.d"):
        (tmp_path / name).mkdir()
    for name in ("safe-evil", "safeguard", "safe.d"):
        (tmp_path / name / "secret").write_text(f"first\n{SECRET}\n")
    (tmp_path / "safe" / "mine").write_text("mine\n")
    (tmp_path / "safe" / "link").symlink_to(tmp_path / "safe-evil")
    (tmp_path / "safe" / "file-link").symlink_to(tmp_path / "safe-evil" / "secret")
    (tmp_path / "safe" / "up").symlink_to("..")
    (tmp_path / "safe" / "dangling").symlink_to(tmp_path / "safe-evil" / "new")
    return tmp_path / "safe"


def fingerprint(root):
    """Return everything beside the workspace: names, contents, modes and times."""
    found = {}
    for name in ("safe-evil", "safeguard", "safe.d"):
        for place in (root.with_name(name), *sorted(root.with_name(name).rglob("*"))):
            facts = place.lstat()
            content = hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else ""
            found[str(place)] = (content, facts.st_mode, facts.st_mtime_ns, facts.st_nlink)
    return found, sorted(one.name for one in root.parent.iterdir())


def spellings(root):
    return (
        *("../safe-evil/{}", "../safeguard/{}", "../safe.d/{}", "mine/../../safe-evil/{}"),
        *(
            "./../safe-evil/{}",
            "link/{}",
            "up/safe-evil/{}",
            "up/safe/../safe-evil/{}",
            "..//safe-evil/{}",
        ),
        *(
            f"{root}-evil/{{}}",
            f"{root}/../safe-evil/{{}}",
            f"{root}guard/{{}}",
            f"{root}/link/{{}}",
        ),
        *(
            "/proc/self/cwd/../safe-evil/{}",
            f"/proc/self/root{root}-evil/{{}}",
            "~/../safe-evil/{}",
        ),
        *(
            f"file://{root}-evil/{{}}",
            "..\\safe-evil\\{}",
            "%2e%2e/safe-evil/{}",
            "..\u2044safe-evil/{}",
        ),
    )


async def test_mcp_filesystem_cve_2025_53109_no_tool_reaches_a_neighbour_whose_name_begins_alike(
    call, root
):
    before = fingerprint(root)
    told = []
    for spelling in spellings(root):
        secret, new, place = (spelling.format(name) for name in ("secret", "new", ""))
        change = {"type": "update_file", "path": secret, "diff": "@@\n-first\n+gone\n"}
        for tool, arguments in (
            ("read_files", {"paths": [secret, place]}),
            ("write_file", {"path": new, "instructions": "x", "content": "x"}),
            ("write_file", {"path": secret, "instructions": "x", "content": "x"}),
            ("str_replace", {"path": secret, "replacements": [{"old": "first", "new": "gone"}]}),
            ("apply_patch", {"operation": change}),
            ("apply_patch", {"operation": {"type": "create_file", "path": new, "diff": "+x\n"}}),
            ("apply_patch", {"operation": {"type": "delete_file", "path": secret}}),
            ("create_plan", {"path": f"{new}.md", "plan": "x"}),
            ("list_directory", {"path": place}),
            ("read_subtree", {"paths": [place]}),
            ("glob", {"pattern": f"{place}**", "cwd": None}),
            ("glob", {"pattern": "**", "cwd": place}),
            ("code_search", {"pattern": "canary", "cwd": place}),
            ("code_search", {"pattern": "canary", "flags": f"-g {shlex.quote(place + '**')}"}),
        ):
            value, _ = await call(tool, arguments)
            told.append(str(value))
    assert fingerprint(root) == before
    assert SECRET not in "".join(told)
    value, failed = await call("read_files", {"paths": ["mine"]})
    assert (failed, "mine" in str(value)) == (False, True)  # the tools work


@pytest.mark.parametrize("kind", KINDS)
async def test_mcp_filesystem_cve_2025_53110_no_command_reaches_a_neighbour_whose_name_begins_alike(
    kind, root, tmp_path
):
    before = fingerprint(root)
    opened = await open_workspaces(tmp_path / "state", kinds=(kind,)).open(str(root))
    names = (*(tmp_path.iterdir()),)
    told = []
    for spelling in ("../safe-evil/{}", "link/{}", "up/safeguard/{}", f"{root}-evil/{{}}"):
        secret, new = (shlex.quote(spelling.format(name)) for name in ("secret", "new"))
        for line in (
            f"cat {secret}",
            f"cp {secret} stolen; ln {secret} hard; cat stolen hard",
            f"echo x > {new}; touch {new}; mkdir {new}.d",
            f"echo x >> {secret}; rm -f {secret}; mv mine {new}; cat {secret}",
            f"tar -cf t.tar link/ up/safe-evil --dereference; tar -xf t.tar -C {new}; tar -xOf t.tar",
            f"git init {new}; git --git-dir={new} init; git -C {spelling.format('')} status",
            f"git init -q . ; git add {secret}; git diff --no-index /dev/null {secret}",
        ):
            result = await sh(opened.commands, line)
            told.append(result.stdout + result.stderr)
    if kind == "bubblewrap":  # landlock knows of no modes and no times, see docs/security.md
        for line in ("chmod 777 {}", "touch -d @0 {}", "chown 1 {}", "setfattr -n user.a -v b {}"):
            await sh(opened.commands, line.format(f"{root}-evil/secret ../safe-evil/secret link/"))
    with pytest.raises(FileRefused):
        opened.files.read("hard", max_bytes=1000)
    await opened.close()
    found, beside = fingerprint(root)
    assert found == before[0]
    assert set(beside) - {"state"} == {one.name for one in names} - {"state"}
    assert SECRET not in "".join(told)


@pytest.mark.parametrize(
    "command", ["init {}", "add {}", "--work-tree={} add .", "clone . {}", "worktree add {}"]
)
async def test_mcp_git_cve_2025_68143_git_makes_and_adds_nothing_beside_the_workspace(
    root, tmp_path, command
):
    before = fingerprint(root)
    opened = await open_workspaces(tmp_path / "state", kinds=("landlock",)).open(str(root))
    await sh(
        opened.commands,
        "git init -q .; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x",
    )
    for place in (
        f"{root}-evil/repository",
        "../safe-evil/secret",
        "link/new",
        "--upload-pack=touch ../RAN",
    ):
        await sh(opened.commands, f"git {command.format(shlex.quote(place))}")
    listed = await sh(opened.commands, "git ls-files; git log --stat | cat")
    record = await opened.snapshots.record(None)
    await opened.close()
    assert record.tree
    assert "secret" not in listed.stdout
    assert fingerprint(root)[0] == before[0]
    assert not (tmp_path / "RAN").exists()


@pytest.mark.parametrize(
    "path",
    [
        "../safe-evil/secret",
        "../safeguard/secret",
        "link/secret",
        "file-link",
        "{root}-evil/secret",
    ],
)
async def test_mcp_filesystem_cve_2025_53109_a_prompt_is_from_below_its_folder_and_no_neighbour(
    root, path
):
    named = path.format(root=root)
    (root / "a.md").write_text(
        "---\nid: a\ndisplayName: A\nmodel: acme/m\nsystemPrompt:\n  path: " + named + "\n---\n"
    )
    found = load_folder(root, frozenset())
    assert found.problems
    assert SECRET not in str(found)
