"""Files given with a task: checked by what they are, kept with it, read by its agents first."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.errors import ConfigurationInvalid, UnknownThing
from callboard.domain.events.run import AgentSubject, RunCreated
from callboard.domain.workflow import WorkflowDefinition
from callboard.engine.attachments import media_type_of
from callboard.ports.records import AuditWanted
from callboard.runtime.reading import load
from callboard.testing.model import Script, ScriptedProvider, Turn
from callboard.testing.rig import rig
from callboard.usecases.app import NotAllowed
from callboard.usecases.attachments import attach, detach, find_attachment, list_attachments
from callboard.usecases.people import NewPerson, add_person, principal_of
from callboard.usecases.queueing import queue_task
from callboard.usecases.spaces import NewSpace, change_space, create_space, set_member
from callboard.usecases.tasks import NewTask, create_task
from callboard.usecases.worker import Worker
from callboard.usecases.workflows import apply_workflow
from tests.usecases.test_roster import ROOT, writer

pytestmark = pytest.mark.anyio
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
PDF = b"%PDF-1.7 and more"


async def board():
    script = Script(turns=tuple(Turn(text="done") for _ in range(9)))
    agent = writer(model="scripted/writer", prompt="Write.")
    app = rig(ScriptedProvider({"writer": script}), agent)
    await create_space(app, ROOT, NewSpace("auth", "Sign-in", "AUTH"))
    step = {"kind": "agent", "id": "implement", "title": "Implement", "agent": "writer"}
    flow = WorkflowDefinition.model_validate({"id": "flow", "title": "Flow", "steps": [step]})
    await apply_workflow(app, ROOT, flow)
    await change_space(app, ROOT, "auth", repository="/work", workflow="flow")
    await create_task(app, ROOT, "auth", NewTask("Write it"))
    return app


async def test_its_agents_get_texts_to_read_and_pictures_to_look_at():
    app = await board()
    await attach(app, ROOT, "AUTH-1", "notes.md", "Mind the ümlauts.".encode())
    await attach(app, ROOT, "AUTH-1", "screen.png", PNG)
    await queue_task(app, ROOT, "AUTH-1")
    await Worker(app).idle()
    child = (await app.ports.store.children("AUTH-1-1"))[0]
    created = (await load(app.ports.store, child.run_id))[0].event
    assert isinstance(created, RunCreated)
    subject = created.subject
    assert isinstance(subject, AgentSubject)
    assert "Attached file notes.md:\nMind the ümlauts." in (subject.prompt or "")
    assert [base64.b64decode(one.data) for one in subject.attachments] == [PNG]


async def test_a_file_is_what_its_content_shows_whatever_its_name_says():
    app = await board()
    given_as = [
        await attach(app, ROOT, "AUTH-1", name, content)
        for name, content in (("a.exe", b"text"), ("b.txt", PNG), ("c", PDF))
    ]
    types = [one.media_type for one in given_as]
    assert types == ["text/plain", "image/png", "application/pdf"]
    assert [one.number for one in await list_attachments(app, ROOT, "AUTH-1")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.zip", b"PK\x03\x04\x00\x00", "neither text"),
        ("a.txt", b"", "is empty"),
        ("a.txt", b"x" * (4 * 1024 * 1024 + 1), "larger than 4 MB"),
        ("../../etc/passwd", b"x", "name"),
        ("a\nb", b"x", "name"),
        ("x" * 201, b"x", "name"),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_is_kept(name, content, word):
    app = await board()
    with pytest.raises(ConfigurationInvalid, match=word):
        await attach(app, ROOT, "AUTH-1", name, content)
    assert await list_attachments(app, ROOT, "AUTH-1") == []


async def test_all_files_of_a_task_together_have_a_bound():
    app = await board()
    for name in ("a", "b"):
        await attach(app, ROOT, "AUTH-1", name, b"x" * (4 * 1024 * 1024))
    with pytest.raises(ConfigurationInvalid, match="8 MB together"):
        await attach(app, ROOT, "AUTH-1", "c", b"x")


async def test_a_file_that_is_taken_away_is_gone_and_its_number_is_not_given_again_before_the_end():
    app = await board()
    for name in ("a", "b"):
        await attach(app, ROOT, "AUTH-1", name, b"text")
    await detach(app, ROOT, "AUTH-1", 1)
    with pytest.raises(UnknownThing):
        await find_attachment(app, ROOT, "AUTH-1", 1)
    assert (await attach(app, ROOT, "AUTH-1", "c", b"text")).number == 3


async def test_the_audit_log_says_who_gave_which_file_and_not_what_is_in_it():
    app = await board()
    await attach(app, ROOT, "AUTH-1", "notes.md", b"the secret plan")
    entry = (await app.records.audit(AuditWanted()))[0]
    assert "notes.md" in str(entry.differences)
    assert base64.b64encode(b"the secret plan").decode() not in str(entry)


async def test_viewers_read_files_and_give_none_and_others_see_nothing():
    app = await board()
    await attach(app, ROOT, "AUTH-1", "notes.md", b"text")
    for name in ("vic", "otto"):
        await add_person(app, ROOT, NewPerson(name, name.title()))
    await set_member(app, ROOT, "auth", "person:vic", "viewer")
    vic = await principal_of(app, Actor(kind="person", name="vic"))
    otto = await principal_of(app, Actor(kind="person", name="otto"))
    assert vic is not None
    assert otto is not None
    assert (await find_attachment(app, vic, "AUTH-1", 1)).name == "notes.md"
    for refused in (attach(app, vic, "AUTH-1", "b", b"x"), detach(app, vic, "AUTH-1", 1)):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(UnknownThing):
        await list_attachments(app, otto, "AUTH-1")


@given(st.binary())
def test_every_content_is_something_or_nothing(content):
    found = media_type_of(content)
    if found == "text/plain":
        assert content.decode() is not None
