"""The client for programs that wait."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Self

import httpx2
from pydantic import JsonValue

from callboard.client import requests
from callboard.client.refusals import Unreachable
from callboard.client.requests import STREAM, Ask, Frames, ask, path
from callboard.client.shapes import Event, Gate, Me, Page, Run

_TIMEOUT: Final = httpx2.Timeout(60.0, connect=10.0)
_STREAM_TIMEOUT: Final = httpx2.Timeout(45.0, connect=10.0)
"""A stream shows every 15 seconds that it lives."""
_TRIES: Final = 5


class Client:
    """A Callboard at an address, asked with a token.

    Every method may raise `Refused`, with the stable code of what was refused, and `Unreachable`. `key` is an
    idempotency key: with the same one a request is done once, however often it is made.
    """

    def __init__(
        self, url: str, token: str, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._client = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT,
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def me(self) -> Me:
        """Return who the client is, and what it may do."""
        return Me.model_validate(self.request(ask("GET", path("me"))))

    def start_run(
        self,
        agent: str,
        prompt: str | None = None,
        *,
        space: str | None = None,
        workspace: str | None = None,
        params: Mapping[str, JsonValue] | None = None,
        budget_usd: float | None = None,
        max_turns: int | None = None,
        key: str | None = None,
    ) -> Run:
        """Start an agent on a copy of a space's repository, or in a directory of the server. It runs on."""
        wish = {
            "prompt": prompt,
            "space": space,
            "workspace": workspace,
            "params": params,
            "budget_usd": budget_usd,
            "max_turns": max_turns,
        }
        return self._run(requests.start_run(agent, key, wish))

    def run(self, run_id: str) -> Run:
        """Return how a run stands."""
        return self._run(ask("GET", path("runs", run_id)))

    def runs(
        self, *, status: Sequence[str] = (), space: str | None = None, task: str | None = None
    ) -> Iterator[Run]:
        """Yield runs, the newest first, page after page."""
        wanted = ask("GET", path("runs"), status=list(status), space=space, task=task)
        for item in self.items(wanted):
            yield Run.model_validate(item)

    def cancel(self, run_id: str, reason: str = "") -> Run:
        """End a run, and return when it has ended."""
        return self._run(ask("POST", path("runs", run_id, "cancel"), {"reason": reason}))

    def steer(self, run_id: str, text: str, *, key: str | None = None) -> Run:
        """Say something to the agent, before its next answer."""
        where = path("runs", run_id, "steer")
        return self._run(ask("POST", where, {"text": text}, key=key))

    def resume(self, run_id: str) -> Run:
        """Let a run go on that nobody drives."""
        return self._run(ask("POST", path("runs", run_id, "resume")))

    def fork(
        self, run_id: str, at: int, *, prompt: str | None = None, key: str | None = None
    ) -> Run:
        """Create a run from the first events of another one; `resume` lets it go on."""
        body = {"at": at, "prompt": prompt}
        return self._run(ask("POST", path("runs", run_id, "fork"), body, key=key))

    def diff(self, run_id: str) -> str:
        """Return what a run changed so far, as a unified diff."""
        found = self.request(ask("GET", path("runs", run_id, "diff")))
        return str(found["diff"])

    def follow(self, run_id: str, *, after: int = 0) -> Iterator[Event]:
        """Yield a run's events as they happen, until it has ended. A connection that breaks is made again, and
        no event is missed or told twice.
        """
        frames, failures = Frames(after), 0
        while failures < _TRIES:
            try:
                for event in self._stream(run_id, frames):
                    failures = 0
                    yield event
                    if requests.has_ended(event, run_id):
                        return
            except httpx2.TransportError:
                failures += 1
                continue
            if (self.run(run_id)).has_ended and not self._is_behind(run_id, frames):
                return
            failures += 1
        raise Unreachable(f"the events of run {run_id} break off behind {frames.last}")

    def gates(self) -> Iterator[Gate]:
        """Yield the gates that wait."""
        for item in self.items(ask("GET", path("gates"))):
            yield Gate.model_validate(item)

    def gate(self, run_id: str) -> Gate:
        """Return the gate at which a run, or one below it, waits."""
        return Gate.model_validate(self.request(ask("GET", path("gates", run_id))))

    def decide(
        self,
        gate: Gate,
        verdict: Literal["approve", "reject", "answer"],
        *,
        note: str = "",
        answer: JsonValue = None,
    ) -> bool:
        """Decide about a gate as it was shown; return whether that was enough for the run to go on."""
        wish = {"note": note, "answer": answer}
        asked = requests.decide(gate.run.run_id, gate.digest, verdict, wish)
        return bool((self.request(asked))["closed"])

    def items(self, asked: Ask) -> Iterator[dict[str, Any]]:
        """Yield the items of any list, page after page."""
        cursor: str | None = None
        while True:
            page = Page.model_validate(self.request(asked.on_page(cursor)))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def request(self, asked: Ask) -> Any:
        """Return the answer to any request of the API: its JSON value, None where it has none."""
        try:
            answer = self._client.request(
                asked.method,
                asked.path,
                params=dict(asked.query),
                json=asked.body,
                headers=dict(asked.headers),
            )
        except httpx2.TransportError as error:
            raise Unreachable(f"{asked.method} {asked.path}: {error}") from error
        return requests.answer(answer.status_code, answer.content)

    def _run(self, asked: Ask) -> Run:
        return Run.model_validate(self.request(asked))

    def _is_behind(self, run_id: str, frames: Frames) -> bool:
        where = path("runs", run_id, "events")
        found = self.request(ask("GET", where, after=frames.last, limit=1))
        return bool(found["items"])

    def _stream(self, run_id: str, frames: Frames) -> Iterator[Event]:
        where = path("runs", run_id, "events")
        headers = {"Accept": STREAM, "Last-Event-ID": str(frames.last)}
        with self._client.stream("GET", where, headers=headers, timeout=_STREAM_TIMEOUT) as answer:
            if answer.status_code >= 400:
                requests.answer(answer.status_code, answer.read())
            for line in answer.iter_lines():
                yield from frames.feed(line)
