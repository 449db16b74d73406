"""What messages of a run are, beside their role: the tags that the engine gives them."""

from typing import Final

USER_PROMPT: Final = "USER_PROMPT"
INSTRUCTIONS_PROMPT: Final = "INSTRUCTIONS_PROMPT"
OUTPUT_REMINDER: Final = "OUTPUT_REMINDER"
RECOVERY: Final = "RECOVERY"
