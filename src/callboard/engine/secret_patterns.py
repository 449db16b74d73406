"""What credentials look like: where to begin looking, and what must follow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of credential that its own spelling gives away: the last group of `pattern`, or the whole match, is
    what must not be seen.
    """

    kind: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Opening:
    """Where credentials may begin, and which. `pattern` begins with plain characters, which makes looking for it
    cheap; with `any_case` it is looked for in small letters.
    """

    pattern: re.Pattern[str]
    formats: tuple[Format, ...]
    any_case: bool = False


def _opening(opening: str, formats: Mapping[str, str], *, any_case: bool = False) -> Opening:
    flags = re.IGNORECASE if any_case else 0
    made = tuple(Format(kind, re.compile(pattern, flags)) for kind, pattern in formats.items())
    return Opening(re.compile(opening), made, any_case)


_ALONE = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9])"
_MARK = r"PRIVATE KEY(?: BLOCK)?-----"
_PRIVATE = (
    rf"-----BEGIN [A-Z0-9 ]{{0,40}}{_MARK}"
    rf"(?:(?:(?!-----)[\s\S]){{40,20000}}?-----END [A-Z0-9 ]{{0,40}}{_MARK}|(?:[A-Za-z0-9+/=\s]|\\[nr]){{40,}})"
)
_STRIPE = rf"{_ALONE}[sr]k_(?:live|test)_[A-Za-z0-9]{{16,}}"
_HEADER = r"(?:authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?)?(?:bearer|basic|token)\s{1,4}([\w.~+/=-]{16,})"

OPENINGS: Final = (
    _opening("-----BEGIN ", {"private key": _PRIVATE}),
    _opening(
        "A(?:KIA|SIA|Iza)",
        {
            "AWS access key": rf"{_ALONE}A[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z2-7]{{16}}{_END}",
            "Google key": rf"{_ALONE}AIza[\w-]{{35}}(?![\w-])",
        },
    ),
    _opening("GOCSPX-", {"Google token": rf"{_ALONE}GOCSPX-[\w-]{{20,}}"}),
    _opening(r"ya29\.", {"Google token": rf"{_ALONE}ya29\.[\w-]{{20,}}"}),
    _opening(
        "g(?:h[pousr]_|ithub_pat_|l[a-z]{2,4}-)",
        {
            "GitHub token": rf"{_ALONE}(?:gh[pousr]_[A-Za-z0-9]{{36,251}}|github_pat_\w{{40,251}}){_END}",
            "GitLab token": rf"{_ALONE}gl(?:pat|dt|rt|ptt|cbt|oas|ft|imt|agent)-[\w.-]{{20,}}",
        },
    ),
    _opening(
        "x(?:ox[abceoprs]|app)-",
        {"Slack token": rf"{_ALONE}(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]*\d[A-Za-z0-9-]{{9,}}"},
    ),
    _opening(
        r"slack\.com/",
        {"Slack webhook": r"slack\.com/(?:services|workflows)/([A-Za-z0-9/]{20,})"},
    ),
    _opening(
        "s(?:k-|k_(?:live|test)_)",
        {
            "Anthropic key": rf"{_ALONE}sk-ant-[\w-]{{20,}}",
            "OpenRouter key": rf"{_ALONE}sk-or-[\w-]{{24,}}",
            "OpenAI key": rf"{_ALONE}sk-(?:(?:proj|svcacct|admin|None)-[\w-]{{20,}}"
            rf"|(?=[A-Za-z]*\d)[A-Za-z0-9]{{32,}}{_END})",
            "Stripe key": _STRIPE,
        },
    ),
    _opening("rk_(?:live|test)_", {"Stripe key": _STRIPE}),
    _opening("whsec_", {"Stripe key": rf"{_ALONE}whsec_[A-Za-z0-9+/=]{{16,}}"}),
    _opening("eyJ", {"JSON web token": rf"{_ALONE}eyJ[\w-]{{8,}}\.eyJ[\w-]{{8,}}\.[\w-]{{16,}}"}),
    _opening("bearer ", {"authorization": _HEADER}, any_case=True),
    _opening("authorization", {"authorization": _HEADER}, any_case=True),
)

NAMES_BEGIN: Final = tuple(
    re.compile(word) for word in ("pass(?=w|ph)", "secret", "token", "credential", "key")
)
"""What is in every name whose value is a credential; small letters."""

_BEFORE_KEY = "|".join(
    f"(?<={word}{joint})"
    for word in ("api", "access", "auth", "private", "secret", "signing", "encryption", "account")
    for joint in ("_", "-", "")
)
_NAME = rf"(password|passwd|passphrase|secret|token|credential|(?:{_BEFORE_KEY})key)"
_TAIL = r"(?:[_-]?(?:value|key|prod|production|staging|live|main|base64|b64|\d{1,3}))?"

NAMED: Final = re.compile(
    rf"{_NAME}{_TAIL}\\?[\"'`]?\s{{0,8}}(?:=>|:=|=|:)\s{{0,8}}\\?"
    r"(?:\"([^\s\"\\]{8,})|'([^\s'\\]{8,})|([^\s\"'`,;(){}\[\]<>\\&|]{8,}+)(?![\[(]))",
    re.IGNORECASE,
)
"""Such a name, from its anchor on, and its value as env, ini, JSON, YAML, TOML and source files write it."""

NAME: Final = re.compile(rf"{_NAME}{_TAIL}$", re.IGNORECASE)
"""How the name of an object's member ends whose value is a credential."""

NAME_KINDS: Final = ("password", "passwd", "passphrase", "secret", "token", "credential", "key")

URL_PASSWORD: Final = re.compile(r"://([^\s/:@\"'<>]{0,80}):([^\s/@\"'<>]{6,200})@")
