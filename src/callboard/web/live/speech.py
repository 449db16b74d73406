"""What models are saying just now: shown while it comes, gone when the whole answer is in the log."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final

from callboard.engine.thread.row import Cast, Player, Row, Said
from callboard.web.live.topic import Op
from callboard.web.render.invisible import shown

LONGEST: Final = 40_000
"""So many characters of an answer are shown before it is whole."""
_BEHIND_ALL: Final = 2**53 - 1
_NO_TIME: Final = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(slots=True)
class _Voice:
    told: str = ""
    new: list[str] = field(default_factory=list[str])


class Speech:
    """The voices of one thread, by run."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._over: list[str] = []

    @property
    def is_new(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self._over) or any(voice.new for voice in self._voices.values())

    def say(self, run_id: str, text: str) -> None:
        """Take a piece."""
        self._voices.setdefault(run_id, _Voice()).new.append(text)

    def over(self, run_id: str) -> None:
        """The answer is whole, or will not be."""
        voice = self._voices.pop(run_id, None)
        if voice is not None and voice.told:
            self._over.append(run_id)

    def ended(self) -> list[Op]:
        """Return what is to be taken away."""
        over, self._over = self._over, []
        return [Op(k=_key(run_id), x=1) for run_id in over]

    def pieces(self, show: Callable[[Row], str], cast: Cast) -> list[Op]:
        """Return what was said since the last time."""
        ops: list[Op] = []
        for run_id, voice in self._voices.items():
            text, voice.new = "".join(voice.new), []
            text = text[: max(LONGEST - len(voice.told), 0)]
            if not text:
                continue
            if not voice.told:
                ops.append(Op(k=_key(run_id), h=show(_row(run_id, text, cast))))
            else:
                ops.append(Op(k=_key(run_id), d=shown(text)))
            voice.told += text
        return ops

    def whole(self, show: Callable[[Row], str], cast: Cast) -> list[Op]:
        """Return all that was told so far, for whoever comes now."""
        return [
            Op(k=_key(run_id), h=show(_row(run_id, voice.told, cast)))
            for run_id, voice in self._voices.items()
            if voice.told
        ]


def _key(run_id: str) -> str:
    return f"live-{run_id}"


def _row(run_id: str, text: str, cast: Cast) -> Row:
    who = cast.players.get(run_id, Player(run_id))
    said = Said("model", who.name, text, unfinished=True)
    return Row(_key(run_id), _BEHIND_ALL, 0, _NO_TIME, run_id, 0, who, 2, said)
