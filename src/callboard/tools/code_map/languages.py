"""Languages by file name: a grammar, loaded when it is first needed, and what defines a name in it.

A pattern captures the defined name as `@name`. Names inside functions are of no interest outside and
are left out where the grammar makes that easy.
"""

# ruff: noqa: PLC0415 - a grammar is a shared library; each is loaded for its own files only

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from tree_sitter import Language, Query

_PYTHON = """
(function_definition name: (identifier) @name)
(class_definition name: (identifier) @name)
(module (expression_statement (assignment left: (identifier) @name)))
"""
_JAVASCRIPT = """
(function_declaration name: (identifier) @name)
(generator_function_declaration name: (identifier) @name)
(method_definition name: (property_identifier) @name)
(program (lexical_declaration (variable_declarator name: (identifier) @name)))
(program (variable_declaration (variable_declarator name: (identifier) @name)))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name)))
"""
_JAVASCRIPT_CLASS = "(class_declaration name: (identifier) @name)"
_TYPESCRIPT_ONLY = """
(class_declaration name: (type_identifier) @name)
(abstract_class_declaration name: (type_identifier) @name)
(interface_declaration name: (type_identifier) @name)
(type_alias_declaration name: (type_identifier) @name)
(enum_declaration name: (identifier) @name)
(function_signature name: (identifier) @name)
"""
_GO = """
(function_declaration name: (identifier) @name)
(method_declaration name: (field_identifier) @name)
(type_spec name: (type_identifier) @name)
(source_file (const_declaration (const_spec name: (identifier) @name)))
(source_file (var_declaration (var_spec name: (identifier) @name)))
"""
_RUST = """
(function_item name: (identifier) @name)
(function_signature_item name: (identifier) @name)
(struct_item name: (type_identifier) @name)
(enum_item name: (type_identifier) @name)
(union_item name: (type_identifier) @name)
(trait_item name: (type_identifier) @name)
(type_item name: (type_identifier) @name)
(const_item name: (identifier) @name)
(static_item name: (identifier) @name)
(mod_item name: (identifier) @name)
(macro_definition name: (identifier) @name)
"""
_JAVA = """
(class_declaration name: (identifier) @name)
(interface_declaration name: (identifier) @name)
(enum_declaration name: (identifier) @name)
(record_declaration name: (identifier) @name)
(annotation_type_declaration name: (identifier) @name)
(method_declaration name: (identifier) @name)
"""
_C = """
(function_declarator declarator: (identifier) @name)
(struct_specifier name: (type_identifier) @name body: (_))
(union_specifier name: (type_identifier) @name body: (_))
(enum_specifier name: (type_identifier) @name body: (_))
(type_definition declarator: (type_identifier) @name)
(preproc_def name: (identifier) @name)
(preproc_function_def name: (identifier) @name)
"""
_CPP_ONLY = """
(class_specifier name: (type_identifier) @name body: (_))
(function_declarator declarator: (field_identifier) @name)
(function_declarator declarator: (qualified_identifier name: (identifier) @name))
(namespace_definition name: (namespace_identifier) @name)
(alias_declaration name: (type_identifier) @name)
"""
_C_SHARP = """
(class_declaration name: (identifier) @name)
(interface_declaration name: (identifier) @name)
(struct_declaration name: (identifier) @name)
(record_declaration name: (identifier) @name)
(enum_declaration name: (identifier) @name)
(method_declaration name: (identifier) @name)
(property_declaration name: (identifier) @name)
(delegate_declaration name: (identifier) @name)
"""
_RUBY = """
(method name: (_) @name)
(singleton_method name: (_) @name)
(class name: (constant) @name)
(module name: (constant) @name)
(program (assignment left: (constant) @name))
"""
_PHP = """
(function_definition name: (name) @name)
(method_declaration name: (name) @name)
(class_declaration name: (name) @name)
(interface_declaration name: (name) @name)
(trait_declaration name: (name) @name)
(enum_declaration name: (name) @name)
(const_declaration (const_element (name) @name))
"""


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language and the compiled pattern of what defines a name in it."""

    language: Language
    definitions: Query


def _c() -> object:
    import tree_sitter_c

    return tree_sitter_c.language()


def _c_sharp() -> object:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


def _cpp() -> object:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


def _go() -> object:
    import tree_sitter_go

    return tree_sitter_go.language()


def _java() -> object:
    import tree_sitter_java

    return tree_sitter_java.language()


def _javascript() -> object:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


def _php() -> object:
    import tree_sitter_php

    return tree_sitter_php.language_php()


def _python() -> object:
    import tree_sitter_python

    return tree_sitter_python.language()


def _ruby() -> object:
    import tree_sitter_ruby

    return tree_sitter_ruby.language()


def _rust() -> object:
    import tree_sitter_rust

    return tree_sitter_rust.language()


def _tsx() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


def _typescript() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


_SOURCES: Final[dict[str, tuple[Callable[[], object], str]]] = {
    "c": (_c, _C),
    "c_sharp": (_c_sharp, _C_SHARP),
    "cpp": (_cpp, _C + _CPP_ONLY),
    "go": (_go, _GO),
    "java": (_java, _JAVA),
    "javascript": (_javascript, _JAVASCRIPT + _JAVASCRIPT_CLASS),
    "php": (_php, _PHP),
    "python": (_python, _PYTHON),
    "ruby": (_ruby, _RUBY),
    "rust": (_rust, _RUST),
    "tsx": (_tsx, _JAVASCRIPT + _TYPESCRIPT_ONLY),
    "typescript": (_typescript, _JAVASCRIPT + _TYPESCRIPT_ONLY),
}
_ENDINGS: Final = {
    **dict.fromkeys((".c", ".h"), "c"),
    ".cs": "c_sharp",
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"), "cpp"),
    ".go": "go",
    ".java": "java",
    **dict.fromkeys((".js", ".cjs", ".mjs", ".jsx"), "javascript"),
    ".php": "php",
    **dict.fromkeys((".py", ".pyi"), "python"),
    ".rb": "ruby",
    ".rs": "rust",
    ".tsx": "tsx",
    **dict.fromkeys((".ts", ".cts", ".mts"), "typescript"),
}


def language_of(path: str) -> str | None:
    """Return the name of a file's language, or None for one that has no grammar here."""
    return _ENDINGS.get(posixpath.splitext(path)[1].lower())


@cache
def grammar(language: str) -> Grammar:
    """Load a language by a name from `language_of`."""
    load, patterns = _SOURCES[language]
    loaded = Language(load())
    return Grammar(loaded, Query(loaded, patterns))
