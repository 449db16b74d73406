"""Reading a value that must not be seen."""

import getpass
import sys
import warnings
from typing import Final

from callboard.domain.errors import ConfigurationInvalid
from callboard.engine.secret_values import LONGEST

_MOST_BYTES: Final = 4 * LONGEST


def read_secret(prompt: str) -> str:
    """Return what a person types without its being shown, or what stdin holds where no person is there.

    White space around it is dropped.

    Raises:
        ConfigurationInvalid: nothing came, the terminal would show it, or it is not text.
    """
    stdin = sys.stdin
    if stdin is None:  # its descriptor is closed
        raise _nothing()
    text = _typed(prompt) if stdin.isatty() else _piped(stdin.buffer.read(_MOST_BYTES + 1))
    if not text.strip():
        raise _nothing()
    return text.strip()


def _typed(prompt: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, stream=sys.stderr)
        except getpass.GetPassWarning:
            raise ConfigurationInvalid(
                "this terminal would show the value; give it on stdin instead"
            ) from None
        except EOFError:
            raise _nothing() from None


def _piped(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ConfigurationInvalid("the value on stdin is not UTF-8 text") from None


def _nothing() -> ConfigurationInvalid:
    return ConfigurationInvalid(
        "no value was given: type it at the prompt, or put it on stdin, as in `callboard credentials set NAME"
        " --provider openai < file`"
    )
