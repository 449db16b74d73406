from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.domain.workflow import (
    AgentStep,
    Condition,
    PeopleStep,
    SignOff,
    Step,
    WorkflowDefinition,
)
from callboard.web.render.diagram.drawing import diagram, texts_of
from callboard.web.render.diagram.layout import HEIGHT, Layout, layout_of

from .markup import Element, read
from .payloads import PAYLOADS

NAMES = [f"s{n}" for n in range(9)]
SOME = st.none() | st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)


@st.composite
def workflows(draw: st.DrawFn) -> WorkflowDefinition:
    steps: list[Step] = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=9)):
        shared = {
            "id": name,
            "title": draw(st.text(min_size=1, max_size=40).filter(str.strip)),
            "needs": draw(SOME),
            "on_reject": draw(st.none() | st.sampled_from(NAMES)),
            "when": draw(st.none() | st.just(Condition(labels=("ui",)))),
        }
        people = draw(st.booleans())
        steps.append(
            PeopleStep.model_validate(shared)
            if people
            else AgentStep.model_validate({**shared, "agent": "ann"})
        )
    return WorkflowDefinition(id="w", title="W", steps=tuple(steps))


def laid(workflow: WorkflowDefinition) -> Layout:
    return layout_of(workflow, {step.id: texts_of(step) for step in workflow.steps})


def drawn(workflow: WorkflowDefinition, current: str = "") -> Element:
    return read(diagram(workflow, lambda step: f"?step={step}", current=current))


def line(*ids: str) -> tuple[Step, ...]:
    return tuple(AgentStep(id=name, title=name.title(), agent="ann") for name in ids)


@settings(deadline=None)
@given(workflows())
def test_any_workflow_can_be_drawn_even_one_that_does_not_hold_together(
    workflow: WorkflowDefinition,
):
    layout = laid(workflow)
    assert set(layout.boxes) == {step.id for step in workflow.steps}
    for one, other in combinations(layout.boxes.values(), 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        apart_y = one.y + HEIGHT <= other.y or other.y + HEIGHT <= one.y
        assert apart_x or apart_y
    for way in layout.ways:
        assert layout.boxes[way.start].x + layout.boxes[way.start].width < layout.boxes[way.end].x
    root = drawn(workflow)
    assert len(root.named("diagram-step")) == len(layout.boxes)


@settings(deadline=None)
@given(workflows())
def test_two_lines_back_in_one_lane_do_not_meet(workflow: WorkflowDefinition):
    layout = laid(workflow)
    for one, other in combinations(layout.backs, 2):
        if one.lane == other.lane:
            spans = [
                sorted((layout.boxes[back.start].x, layout.boxes[back.end].x))
                for back in (one, other)
            ]
            assert spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0]


def test_steps_stand_from_left_to_right_in_the_order_of_the_work():
    layout = laid(WorkflowDefinition(id="w", title="W", steps=line("plan", "build", "ship")))
    assert sorted(layout.boxes, key=lambda step: layout.boxes[step].x) == ["plan", "build", "ship"]
    assert len({box.y for box in layout.boxes.values()}) == 1


def test_branches_stand_below_one_another_and_no_lines_cross():
    plan, build = line("plan", "build")
    tests = AgentStep(id="tests", title="Tests", agent="kaz", needs=("build",))
    review = AgentStep(id="review", title="Review", agent="iris", needs=("build",))
    after_review = AgentStep(id="read", title="Read", agent="ann", needs=("review",))
    after_tests = AgentStep(id="count", title="Count", agent="ann", needs=("tests",))
    layout = laid(
        WorkflowDefinition(
            id="w", title="W", steps=(plan, build, tests, review, after_review, after_tests)
        )
    )
    boxes = layout.boxes
    assert boxes["tests"].x == boxes["review"].x
    assert (boxes["tests"].y < boxes["review"].y) == (boxes["count"].y < boxes["read"].y)


def test_a_line_over_several_layers_passes_between_the_boxes():
    *first, last = line("a", "b", "c", "d")
    last = last.model_copy(update={"needs": ("c", "a")})
    layout = laid(WorkflowDefinition(id="w", title="W", steps=(*first, last)))
    (way,) = [way for way in layout.ways if way.start == "a" and way.end == "d"]
    for x, y in way.through:
        assert not any(
            box.x < x < box.x + box.width and box.y < y < box.y + HEIGHT
            for box in layout.boxes.values()
        )


def test_steps_are_links_that_say_who_does_them_and_when():
    review = AgentStep(
        id="review",
        title="Review",
        skills=("security",),
        when=Condition(paths=("src/**",)),
        needs=("plan",),
        on_reject="plan",
    )
    sign = PeopleStep(
        id="sign",
        title="Sign-off",
        approvers=SignOff(people=("dana", "sam"), count=2),
        on_reject="plan",
    )
    root = drawn(
        WorkflowDefinition(id="w", title="W", steps=(*line("plan"), review, sign)), current="sign"
    )
    assert root.named("diagram")[0].attributes["role"] == "group"
    assert [
        (step.attributes["href"], step.attributes["aria-label"])
        for step in root.named("diagram-step")
    ] == [
        ("?step=plan", "Plan, ann"),
        ("?step=review", "Review, any with security, when path src/**"),
        ("?step=sign", "Sign-off, 2 of dana, sam \u00b7 sign-off"),
    ]
    (people,) = root.named("diagram-people")
    assert people.attributes["aria-current"] == "step"
    assert [word.text for word in root.named("diagram-word")] == [
        "when path src/**",
        "changes asked",
        "rejected",
    ]
    assert len([way for way in root.named("diagram-back") if way.attributes.get("marker-end")]) == 2


def test_names_of_agents_stand_where_they_are_given():
    workflow = WorkflowDefinition(id="w", title="W", steps=line("plan"))
    root = read(diagram(workflow, lambda step: "#", owners={"plan": "Mara"}))
    assert root.named("diagram-owner")[0].text == "Mara"


def test_forty_steps_stay_readable():
    ids = [f"step-{n}" for n in range(40)]
    layout = laid(WorkflowDefinition(id="w", title="W", steps=line(*ids)))
    assert min(box.width for box in layout.boxes.values()) >= 140


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_attack_in_a_step_is_text(payload: str):
    title = payload.encode(errors="replace").decode()  # no half of a pair gets into a title
    step = AgentStep(id="a", title=title, agent=payload, when=Condition(labels=(payload,)))
    other = PeopleStep(id="b", title=title, approvers=SignOff(people=(payload,)))
    drawn(WorkflowDefinition(id="w", title=title, steps=(step, other)))
