"""A scripted model and the contract that every model provider must meet."""

from callboard.providers.scripted.loading import load_scripts, parse_scripts
from callboard.providers.scripted.provider import ScriptedProvider
from callboard.providers.scripted.recording import RecordedCall
from callboard.providers.scripted.script import (
    Match,
    Rule,
    Script,
    ScriptedCall,
    ScriptedError,
    Turn,
)
from callboard.providers.scripted.steps import UnconsumedTurns, UnexpectedModelCall

__all__ = [
    "Match",
    "RecordedCall",
    "Rule",
    "Script",
    "ScriptedCall",
    "ScriptedError",
    "ScriptedProvider",
    "Turn",
    "UnconsumedTurns",
    "UnexpectedModelCall",
    "load_scripts",
    "parse_scripts",
]
