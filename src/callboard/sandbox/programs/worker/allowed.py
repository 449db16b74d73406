"""The modules that a Python program may import: pure computation, loaded before the program is."""

from typing import Final

IMPORTABLE: Final = (
    *("__future__", "abc", "base64", "binascii", "bisect", "calendar", "cmath", "collections"),
    *("collections.abc", "colorsys", "contextlib", "copy", "csv", "dataclasses", "datetime"),
    *("decimal", "difflib", "enum", "fnmatch", "fractions", "functools", "graphlib", "hashlib"),
    *(
        "heapq",
        "hmac",
        "html",
        "html.entities",
        "html.parser",
        "io",
        "itertools",
        "json",
        "keyword",
    ),
    *("math", "numbers", "operator", "posixpath", "pprint", "random", "re", "reprlib", "secrets"),
    *(
        "shlex",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "time",
        "traceback",
        "types",
        "typing",
    ),
    *("unicodedata", "urllib.parse", "uuid", "warnings", "weakref", "zlib"),
)

ROOTS: Final = frozenset(name.partition(".")[0] for name in IMPORTABLE)
"""The first parts of their names."""

LOADED_LATER: Final = (
    *("_strptime", "ast", "copyreg", "inspect", "linecache", "locale", "stringprep", "tokenize"),
    *("encodings.ascii", "encodings.cp1252", "encodings.hex_codec", "encodings.idna"),
    *("encodings.latin_1", "encodings.raw_unicode_escape", "encodings.unicode_escape"),
    *("encodings.utf_16", "encodings.utf_16_le", "encodings.utf_32", "encodings.utf_8_sig"),
)
"""What those import only when it is needed, when no file can be read any more."""
