"""What is said of fields that do not fit: never a pattern, never what was typed."""

import pytest
from pydantic import BaseModel, create_model

from callboard.domain.definition.agent import AgentId
from callboard.domain.org.hook import HookId
from callboard.domain.org.notice import WebhookId
from callboard.domain.org.people import LoginName
from callboard.domain.org.schedule import ScheduleId
from callboard.domain.org.space import SpaceId, TaskPrefix
from callboard.domain.org.task import Label, TaskKey
from callboard.domain.text import Said
from callboard.usecases.checked import FieldsUnfit, checked

TYPED = (AgentId, HookId, Label, LoginName, Said, ScheduleId, SpaceId, TaskKey, TaskPrefix, WebhookId)  # fmt: skip


class Wish(BaseModel):
    name: str
    count: int
    choice: bool = False


@pytest.mark.parametrize("kind", TYPED, ids=str)
def test_every_name_that_people_type_has_words_for_what_it_must_be(kind):
    model = create_model("Typed", name=(kind, ...))
    with pytest.raises(FieldsUnfit) as refused:
        checked(model, name=" \n")
    ((field, words),) = refused.value.faults
    assert field == "name"
    assert words.startswith("must ")


def test_what_was_typed_is_not_repeated_and_every_field_is_named():
    with pytest.raises(FieldsUnfit) as refused:
        checked(Wish, count="s3cret")
    assert str(refused.value) == "name: is missing; count: must be a whole number"
