"""Cards of the board: the same for whoever looks, and text is text."""

from datetime import datetime, timezone
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.actor import Actor
from callboard.domain.org.task import TaskRecord
from callboard.domain.usage import Bill
from callboard.engine.tasks.standing import Expected, standing_of
from callboard.usecases.board import TaskView
from callboard.web.cards import card_of

NOON = datetime(2026, 1, 1, tzinfo=timezone.utc)


def view(title="Add login", **fields):
    task = TaskRecord(
        key="AUTH-1",
        space="auth",
        title=title,
        workflow="flow",
        repository="/r",
        created_by=Actor(kind="person", name="ann"),
        created_at=NOON,
        **fields,
    )
    return TaskView(task, None, standing_of(task, None, (), Expected(), NOON), (), (), Bill(), 1)


class Read(HTMLParser):
    """The tags and the text of a piece of markup."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs).keys()))

    def handle_data(self, data):
        self.text += data


PLAIN = Read(str(card_of(view())))


@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_whatever_a_title_holds_a_card_has_the_same_tags(title):
    read = Read(str(card_of(view(title))))
    extra = [tag for tag in read.tags if tag not in PLAIN.tags]
    assert {tag for tag, _ in extra} <= {"span"}  # what nobody sees is shown as a symbol


def test_a_card_says_who_answers_for_it_and_how_it_stands():
    text = Read(str(card_of(view(owner="person:mia", priority="urgent")))).text
    assert text == "AUTH-1urgentAdd loginMimiaNot started"
