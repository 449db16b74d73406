"""What there is to run: definitions in folders, those shipped, and the rules of a run."""

# ruff: noqa: PLC0415 - adapters are imported where they are built

from pathlib import Path
from typing import TYPE_CHECKING

from callboard.bootstrap.programs import EvaluatorOnDemand
from callboard.bootstrap.sources import Sources, check_folders
from callboard.domain.errors import ConfigurationInvalid
from callboard.settings import Settings

if TYPE_CHECKING:
    from callboard.definitions.catalogue import Catalogue
    from callboard.definitions.registry import FolderRegistry
    from callboard.definitions.role_templates import RoleTemplate
    from callboard.definitions.scaffold import Scaffolded
    from callboard.domain.definition.agent import AgentDefinition
    from callboard.domain.org.bundle import Bundle
    from callboard.domain.policy import PolicyLayer
    from callboard.domain.workflow import WorkflowDefinition


def open_registry(
    settings: Settings, sources: Sources, *, shipped: bool = True, tools: tuple[str, ...] = ()
) -> "FolderRegistry":
    """Read the definitions that a command can see: its folders, the user's own, those shipped (if wanted).

    Raises:
        ConfigurationInvalid: a folder that the command names does not exist.
    """
    from callboard.definitions.registry import TEMPLATES, FolderRegistry
    from callboard.tools.catalog import built_in_tools

    check_folders(sources)
    return FolderRegistry.open(
        sources.folders,
        (*built_in_tools().names(), *tools),
        user_folder=settings.home / "agents",
        templates=TEMPLATES if shipped else None,
        evaluator=EvaluatorOnDemand(settings),
    )


def read_policy(path: Path) -> "PolicyLayer | None":
    """Return the rules that somebody gives to a run of theirs.

    Raises:
        ConfigurationInvalid: the file is not there, or is no policy.
    """
    from callboard.definitions.policies import read_policy as read

    return read(path, "run", required=True)


def shipped_agents() -> "FolderRegistry":
    """Return the definitions that ship with Callboard."""
    from callboard.definitions.registry import FolderRegistry
    from callboard.tools.catalog import built_in_tools

    return FolderRegistry.open((), built_in_tools().names())


def role_templates() -> "tuple[RoleTemplate, ...]":
    """Return the roles to start from, in the order in which people meet them."""
    from callboard.definitions.role_templates import role_templates as read
    from callboard.tools.catalog import built_in_tools

    return read(built_in_tools().names())


def role_template(name: str) -> "RoleTemplate":
    """Return a role to start from.

    Raises:
        UnknownThing: there is none of this name.
    """
    from callboard.definitions.role_templates import role_template as read
    from callboard.tools.catalog import built_in_tools

    return read(name, built_in_tools().names())


def copy_template(
    name: str,
    folder: Path,
    *,
    own: "AgentDefinition | None" = None,
    new_id: str | None,
    model: str | None,
    overwrite: bool,
) -> Path:
    """Write a role as a file of one's own, and return where it is: one that comes with the product, or an `own` one of
    the organisation.

    Raises:
        UnknownThing: there is none of this name.
        ConfigurationInvalid: the id or the model cannot be used, or the file is there already.
    """
    from callboard.definitions.role_templates import Copy, copy_definition
    from callboard.definitions.role_templates import copy_template as write

    copy = Copy(folder, new_id, model, overwrite)
    return write(role_template(name), copy) if own is None else copy_definition(own, copy)


def read_catalogue(path: Path, settings: Settings | None = None) -> "Catalogue":
    """Read one definition file, or all below a folder, with every problem found.

    Without settings nothing evaluates files that are programs: Python is read as far as it is literal.

    Raises:
        ConfigurationInvalid: there is nothing at the path.
    """
    from callboard.definitions.folder import load_folder
    from callboard.definitions.reader import read_definitions
    from callboard.tools.catalog import built_in_tools

    tools = built_in_tools().names()
    evaluator = None if settings is None else EvaluatorOnDemand(settings)
    if path.is_dir():
        return load_folder(path, tools, evaluator=evaluator)
    if not path.exists():
        raise ConfigurationInvalid(f"{path}: there is no such file or directory")
    return read_definitions(path, tools, evaluator=evaluator)


def read_bundle(folder: Path) -> "Bundle":
    """Return the team in a directory that `callboard export` wrote. Nothing is evaluated.

    Raises:
        DefinitionInvalid: a file is not valid; carries every problem of all of them.
        ConfigurationInvalid: the directory is no export.
    """
    from callboard.definitions.bundle import read_bundle as read
    from callboard.tools.catalog import built_in_tools

    return read(folder, built_in_tools().names())


def shipped_workflow(name: str) -> "WorkflowDefinition":
    """Return a workflow that ships with Callboard.

    Raises:
        DefinitionInvalid: there is none of this name.
    """
    from callboard.definitions.workflows import load_workflow

    return load_workflow(name)


def scaffold(directory: Path, *, typescript: bool = False) -> "Scaffolded":
    """Write a first `.agents` folder into a directory; nothing is overwritten.

    Raises:
        ConfigurationInvalid: the directory cannot be written.
    """
    from callboard.definitions.scaffold import scaffold as write

    return write(directory, typescript=typescript)
