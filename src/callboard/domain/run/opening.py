"""What a run begins with."""

import json

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Recorded
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.message import JsonObject, Message, user_message
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.run.state import RunState
from callboard.domain.run.tags import INSTRUCTIONS_PROMPT, USER_PROMPT


def begin(first: Recorded) -> RunState:
    """Return the state after a log's first event."""
    created = first.event
    if not isinstance(created, RunCreated) or not isinstance(created.subject, AgentSubject):
        raise LogCorrupt(f"run {first.run_id}: the log does not begin with an agent's run.created")
    subject = created.subject
    return RunState(
        run_id=first.run_id,
        created=created,
        subject=subject,
        started_at=first.at,
        at=first.at,
        seq=first.seq,
        policy=policy_of(subject, subject.policy),
        read=frozenset(subject.read),
        messages=(*subject.history, *_opening(subject)),
        own_from=len(subject.history),
    )


def policy_of(subject: AgentSubject, layers: tuple[PolicyLayer, ...]) -> Policy:
    """Return all rules of a run: its definition's own are one layer among the others."""
    definition = subject.definition
    own = PolicyLayer(level="agent", name=definition.id, rules=definition.permissions)
    return Policy((*layers, own))


def _opening(subject: AgentSubject) -> tuple[Message, ...]:
    messages: list[Message] = []
    text = _prompt_text(subject.prompt, subject.params)
    if text or subject.attachments:
        asked = user_message(f"<user_message>{text}</user_message>", USER_PROMPT)
        parts = (*asked.parts, *subject.attachments)
        messages.append(asked.model_copy(update={"parts": parts}))
    if subject.instructions.strip():
        messages.append(user_message(subject.instructions, INSTRUCTIONS_PROMPT))
    return tuple(messages)


def _prompt_text(prompt: str | None, params: JsonObject | None) -> str:
    texts = [prompt] if prompt and prompt.strip() else []
    if params:
        texts.append(json.dumps(params, indent=2, ensure_ascii=False))
    return "\n\n".join(texts)
