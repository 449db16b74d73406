"""The languages that are shown in colour, and the names of files that are written in them.

C# is not among them: an unclosed string keeps its rules busy for seconds.
"""

from typing import Final

_NAMES: Final[dict[str, str]] = {
    "python": "python py pyi python3",
    "javascript": "javascript js mjs cjs jsx",
    "typescript": "typescript ts mts cts tsx",
    "json": "json jsonl ndjson webmanifest",
    "yaml": "yaml yml",
    "toml": "toml",
    "ini": "ini cfg conf editorconfig",
    "bash": "bash sh zsh shell",
    "console": "console shell-session",
    "html": "html htm xhtml",
    "jinja": "jinja j2 html+jinja",
    "xml": "xml svg xsd plist",
    "css": "css",
    "scss": "scss",
    "sql": "sql",
    "c": "c h",
    "cpp": "cpp cc cxx hpp c++",
    "java": "java",
    "kotlin": "kotlin kt kts",
    "swift": "swift",
    "go": "go golang",
    "rust": "rust rs",
    "ruby": "ruby rb",
    "php": "php",
    "lua": "lua",
    "scala": "scala",
    "elixir": "elixir ex exs",
    "haskell": "haskell hs",
    "r": "r",
    "docker": "docker dockerfile",
    "make": "make makefile mk",
    "nginx": "nginx",
    "terraform": "terraform tf hcl",
    "graphql": "graphql gql",
    "protobuf": "protobuf proto",
    "diff": "diff patch udiff",
    "powershell": "powershell ps1",
}
_BY_NAME: Final = {word: name for name, words in _NAMES.items() for word in words.split()}
_WHOLE: Final = {
    "dockerfile": "docker",
    "containerfile": "docker",
    "makefile": "make",
    "gemfile": "ruby",
    "rakefile": "ruby",
    ".bashrc": "bash",
    ".profile": "bash",
    ".gitconfig": "ini",
    "pipfile": "toml",
}


def language_of(language: str = "", file: str = "") -> str | None:
    """Return the language to colour a text by: the one that is named, else that of the file's name; None: plain."""
    if language:
        return _BY_NAME.get(language.strip().lower())
    last = file.rpartition("/")[2].lower()
    return _WHOLE.get(last) or (_BY_NAME.get(last.rpartition(".")[2]) if "." in last else None)
