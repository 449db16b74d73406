"""The screens of work with what nobody wishes for: hostile words in every field, forms of any content, unknown ids."""

import asyncio
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.message import JsonObject
from callboard.domain.org.hook import HookCondition
from callboard.domain.org.template import TaskTemplate
from callboard.domain.workflow import WorkflowDefinition
from callboard.testing.model import Script, ScriptedCall, Turn
from callboard.usecases.hooks import NewHook, add_hook
from callboard.usecases.people import change_person
from callboard.usecases.schedules import NewSchedule, add_schedule, run_schedule
from callboard.usecases.spaces import change_space
from callboard.usecases.tasks import comment_on
from callboard.usecases.webhooks import NewWebhook, add_webhook
from callboard.usecases.workflows import apply_workflow
from tests.usecases.team import ROOT, new_team
from tests.web.conftest import BASE, opened

pytestmark = pytest.mark.anyio
CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "<a href=javascript:alert(1)>x</a>",
    "![x](https://evil.example/x.png) [y](javascript:alert(1))",
    "\u202egnp.exe\u2066\u200b\x1b[31m",
    "&lt;b&gt; &amp;amp; \U0001f600 %s %(key)s {0} {key}",
    "<style>*{display:none}</style><base href=//evil.example>",
)
PAGES = (
    "/", "/inbox", "/inbox?show=archived", "/inbox/deputies", "/tasks", "/tasks?space=auth", "/tasks?view=list",
    "/new/task", "/tasks/AUTH-1/move", "/workflows", "/workflows/flow", "/workflows/flow?step=write",
    "/workflows/flow/edit", "/workflows/flow/versions", "/new/workflow?from=flow", "/schedules",
    "/schedules/nightly", "/schedules/nightly/edit", "/new/schedule", "/hooks", "/hooks/issues", "/new/hook",
    "/webhooks", "/webhooks/chat", "/mail", "/new/webhook", "/search?q=auth",
    "/search?q=auth&part=palette", "/inbox/evidence/AUTH-1-1.write-1",
)  # fmt: skip
FORMS = (
    "/tasks", "/tasks/AUTH-1/move", "/inbox/decide", "/inbox/several", "/inbox/put", "/inbox/deputies",
    "/inbox/deputies/nobody/remove", "/new/workflow", "/workflows/flow/edit", "/workflows/flow/restore",
    "/schedules", "/schedules/nightly", "/schedules/nightly/pause", "/schedules/none/remove", "/incoming",
    "/incoming/none/remove", "/webhooks", "/webhooks/chat/replay", "/webhooks/none/rotate",
)  # fmt: skip
NAMES = (
    "id", "title", "space", "to", "run", "digest", "verdict", "note", "chosen", "what", "key", "deputy", "since", "until",
    "text", "then", "version", "cron", "zone", "overlap", "missed", "when", "secret", "url", "events", "message",
    "budget", "labels", "depends_on", "priority", "owner", "workflow", "context", "answer-0", "limit", "paused",
)  # fmt: skip


class Acting(HTMLParser):
    """What a page has that could act, and should not be there."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag in ("img", "iframe", "object", "embed", "base", "style", "math"):
            self.found.append(tag)
        if tag == "script" and not (named.get("src") or "").startswith("/static/"):
            self.found.append("script")
        self.found += [name for name in named if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            value = named.get(name) or ""
            if value and not value.startswith(("/", "#", "?", "https://example.org")):
                self.found.append(f"{name}={value}")


def asking(text: str) -> Script:
    """Return an agent's question whose every word is the same."""
    option: JsonObject = {"label": text, "description": text}
    question: JsonObject = {"question": text, "header": text[:18], "options": [option]}
    call = ScriptedCall(tool="ask_user", arguments={"questions": [question]})
    return Script(turns=(Turn(text=text, calls=(call,)), Turn(text=text)))


async def filled(text):
    """Return a team in which everything is called the same."""
    team = await new_team(asking(text))
    mia = await team.person("mia")
    steps = [
        {"kind": "agent", "id": "write", "title": text, "agent": "writer", "instructions": text},
        {"kind": "people", "id": "deploy", "title": text, "on_reject": "write"},
    ]
    plain = {"id": "flow", "title": text, "description": text, "steps": steps}
    await apply_workflow(team.app, ROOT, WorkflowDefinition.model_validate(plain), note=text)
    await change_space(team.app, ROOT, "auth", name=text[:200], description=text)
    await change_person(team.app, ROOT, "ann", name=text)
    task = await team.waiting(text, brief=text, criteria=(text,))
    await comment_on(team.app, await team.person("ann"), task.key, f"@mia {text}")
    template = TaskTemplate(title=text, brief=text, criteria=(text,))
    await add_schedule(team.app, mia, "auth", NewSchedule("nightly", "0 1 * * *", template))
    await run_schedule(team.app, mia, "nightly")
    condition = HookCondition(path="a.b", values=(text,))
    await add_hook(team.app, mia, "auth", NewHook("issues", template, (condition,)))
    await add_webhook(team.app, mia, NewWebhook("chat", "https://example.org/x", "auth"))
    return team


@pytest.mark.parametrize("text", CORPUS)
async def test_whatever_things_are_called_no_page_holds_anything_that_acts(text):
    team = await filled(text)
    async with opened(team.app) as pages:
        await pages.sign_in("olga", "owner")
        for path in PAGES:
            answer = await pages.get(path)
            assert answer.status_code in (200, 404), (path, answer.status_code)
            assert Acting(answer.text).found == [], path


async def test_what_nobody_sees_is_shown_in_what_changes():
    team = await filled("rm \u202e-rf\u2066 \u200b/")
    async with opened(team.app) as pages:
        await pages.sign_in("olga", "owner")
        text = (await pages.get("/workflows/flow/versions")).text
        change = text.partition('class="diff"')[2].partition("</table>")[0]
        assert "rm" in change
        assert not {"\u202e", "\u2066", "\u200b"} & set(change)


@given(
    st.sampled_from(FORMS),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=60), max_size=8),
)
@settings(max_examples=120, deadline=None)
def test_any_form_is_done_or_refused_and_never_breaks(path, fields):
    async def sent():
        team = await new_team()
        await team.waiting()
        template = TaskTemplate(title="x")
        mia = await team.person("mia")
        await add_schedule(team.app, mia, "auth", NewSchedule("nightly", "0 1 * * *", template))
        await add_webhook(team.app, mia, NewWebhook("chat", "https://example.org/x", "auth"))
        async with opened(team.app) as pages:
            await pages.sign_in("olga", "owner")
            return (await pages.post(path, fields | await pages.marks("/new/task"))).status_code

    assert asyncio.run(sent()) < 500


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_that_is_too_large_or_no_form_is_refused(path):
    team = await new_team()
    async with opened(team.app) as pages:
        await pages.sign_in("olga", "owner")
        marks = await pages.marks("/new/task")
        large = await pages.post(path, marks | {"text": "x" * 1_100_000})
        many = await pages.post(path, marks | {f"f{n}": "x" for n in range(1_100)})
        other = await pages.client.post(
            path, content=b"\xff\xfe", headers={"Origin": BASE, "Content-Type": "application/json"}
        )
        assert (large.status_code, many.status_code, other.status_code) == (413, 400, 400)
    await team.app.close()


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/AUTH-99/move", "/tasks/nothing/move", "/workflows/nowhere", "/workflows/NOWHERE", "/workflows/flow?v=99",
        "/schedules/none", "/hooks/none", "/webhooks/none", "/inbox/evidence/none", "/schedules/a%2fb",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(path):
    team = await new_team()
    async with opened(team.app) as pages:
        await pages.sign_in("olga", "owner")
        assert (await pages.get(path)).status_code == 404
    await team.app.close()
