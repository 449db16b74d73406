"""The contract between pages and templates, and what a template may not do."""

import dataclasses
import inspect
import pkgutil
import re
from importlib import import_module
from importlib.resources import files
from typing import Any

import pytest
from jinja2 import nodes

import callboard.web
from callboard.web.page import Frame, Page
from callboard.web.static_files import static_files
from callboard.web.templating import templates

ROOT = files("callboard.web") / "templates"


def every_page() -> "list[type[Page]]":
    """Return all page contexts that there are. A class with slots replaces the one that it was written as."""
    for module in pkgutil.walk_packages(callboard.web.__path__, "callboard.web."):
        import_module(module.name)
    found: list[type[Page]] = []
    pending: list[type[Page]] = [Page]
    while pending:
        kinds = pending.pop().__subclasses__()
        pending += kinds
        found += [kind for kind in kinds if "template" in vars(kind)]
    by_name = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in found}
    return [by_name[name] for name in sorted(by_name)]


def names_below(place, prefix=""):
    for one in place.iterdir():
        if one.is_dir():
            yield from names_below(one, f"{prefix}{one.name}/")
        else:
            yield f"{prefix}{one.name}"


TEMPLATES = sorted(names_below(ROOT))
PAGES = every_page()


def source(name: str) -> str:
    loader = templates().loader
    assert loader is not None
    return loader.get_source(templates(), name)[0]


def parsed(name: str) -> nodes.Template:
    return templates().parse(source(name))


def attributes(name: str, of: str, seen: set[str] | None = None) -> set[str]:
    """Return the attributes of a variable that a template reads, with those that it includes or extends."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    tree = parsed(name)
    found = {
        one.attr
        for one in tree.find_all(nodes.Getattr)
        if isinstance(one.node, nodes.Name) and one.node.name == of
    }
    kinds = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
    for one in tree.find_all(kinds):
        for const in (one.template, *one.find_all(nodes.Const)):
            if isinstance(const, nodes.Const) and str(const.value).endswith(".html"):
                found |= attributes(const.value, of, seen)
    return found


def has(kind: Any, name: str) -> bool:
    return name in {one.name for one in dataclasses.fields(kind)} or hasattr(kind, name)


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.__name__)
def test_a_page_is_frozen_and_its_template_reads_only_what_it_has(kind: type[Page]):
    assert dataclasses.is_dataclass(kind)
    assert vars(kind)["__dataclass_params__"].frozen
    read = attributes(f"pages/{kind.template}", "page")
    assert {name for name in read if not has(kind, name)} == set()


def test_every_template_of_a_page_has_a_page():
    there = {name.removeprefix("pages/") for name in TEMPLATES if name.startswith("pages/")}
    assert there == {kind.template for kind in PAGES}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_read_of_the_frame_only_what_it_has(name):
    assert {one for one in attributes(name, "frame") if not has(Frame, one)} == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_turns_the_escaping_off(name):
    tree = parsed(name)
    assert not [one for one in tree.find_all(nodes.Filter) if one.name in ("safe", "forceescape")]
    assert not list(tree.find_all(nodes.ScopedEvalContextModifier))
    assert "autoescape" not in source(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_has_what_the_policy_refuses(name):
    text = source(name)
    assert not re.search(r"\sstyle\s*=", text), "styles belong in a style sheet"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"'{]", text), "handlers belong in a module"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "scripts are modules of their own"
    assert not re.search(r"(?:href|src|action)\s*=\s*\"https?:", text), (
        "nothing comes from elsewhere"
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_changes_something_bears_its_mark(name):
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", source(name), re.DOTALL)
    assert [one[:120] for one in forms if "form_marks()" not in one] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_attributes_are_quoted(name):
    assert not re.search(r"\s[a-z-]+=\{\{", source(name))


def test_only_one_module_turns_text_into_markup():
    scripts = ROOT.joinpath("..", "static", "js")
    sinks = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createHTML|setHTML"
        r"|\beval\(|new Function|createContextualFragment|DOMParser"
    )
    with_sinks = [one.name for one in scripts.iterdir() if sinks.search(one.read_text())]
    assert with_sinks == ["dom.js"]


def test_no_style_sheet_and_no_script_fetches_from_elsewhere():
    for folder in ("css", "js"):
        for one in ROOT.joinpath("..", "static", folder).iterdir():
            assert not re.search(r"https?://|@import|url\(", one.read_text()), one.name


def test_pages_say_what_they_are_called():
    assert all(isinstance(inspect.getattr_static(kind, "title"), property) for kind in PAGES)


def test_scripts_and_styles_are_small_enough_to_need_no_build():
    found = static_files().files
    scripts = sum(len(one.packed) for name, one in found.items() if name.endswith(".js"))
    assert scripts <= 25_000
    assert len(found["app.css"].packed) <= 14_000
