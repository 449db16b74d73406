"""Settings, and the only module that reads the environment."""

import os

from callboard.settings.reading import read_settings
from callboard.settings.shapes import PROVIDERS, Settings, WebSettings

__all__ = ["PROVIDERS", "Settings", "WebSettings", "process_settings", "read_settings"]


def process_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        ConfigurationInvalid: a variable has a value that cannot be used.
    """
    return read_settings(os.environ)  # noqa: TID251 - the one place that reads the environment
