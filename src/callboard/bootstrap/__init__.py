"""The only package that names adapters: from Settings to an App.

Adapters are imported where they are built, so that a command pays only for what it uses.
"""

from callboard.bootstrap.app import build_app
from callboard.bootstrap.database import open_schema
from callboard.bootstrap.definitions import (
    copy_template,
    open_registry,
    read_bundle,
    read_catalogue,
    read_policy,
    role_template,
    role_templates,
    scaffold,
    shipped_workflow,
)
from callboard.bootstrap.dispatch import prepare_dispatch
from callboard.bootstrap.models import model_facts
from callboard.bootstrap.proof import is_signature
from callboard.bootstrap.rounds import open_rounds
from callboard.bootstrap.sources import Additions, Sources

__all__ = [
    "Additions",
    "Sources",
    "build_app",
    "copy_template",
    "is_signature",
    "model_facts",
    "open_registry",
    "open_rounds",
    "open_schema",
    "prepare_dispatch",
    "read_bundle",
    "read_catalogue",
    "read_policy",
    "role_template",
    "role_templates",
    "scaffold",
    "shipped_workflow",
]
