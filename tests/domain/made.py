"""Hypothesis strategies for any value of the domain, derived from the models' own annotations."""

import types
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from callboard.domain.definition.permissions import (
    Approvers,
    ArgumentCondition,
    PermissionRule,
)
from callboard.domain.events.union import AnyEvent
from callboard.domain.evidence import (
    CommandCheck,
    DiffCheck,
    FileCheck,
    HttpCheck,
    NumberCheck,
    OutputCheck,
    PersonCheck,
)
from callboard.domain.usage import Usage, usd
from callboard.domain.workflow import AgentStep, Condition, SignOff

texts = st.text(max_size=12)
numbers = st.integers(0, 10_000)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001 - hypothesis wants naive bounds
amounts = st.decimals(0, 10**6, places=9, allow_nan=False, allow_infinity=False).map(usd)
usages = st.builds(Usage, **dict.fromkeys(Usage.model_fields, numbers))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
_patterns = {
    r"\S": st.text("aé€𝄞-", min_size=1, max_size=8),
    r"^[a-z0-9-]+$": st.text("abz059-", min_size=1, max_size=8),
    r"^[0-9a-f]{64}$": st.text("0123456789abcdef", min_size=64, max_size=64),
}
_plain: dict[object, st.SearchStrategy[Any]] = {
    str: texts,
    bool: st.booleans(),
    type(None): st.none(),
    Decimal: amounts,
    datetime: moments,
}


def any_of(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Any valid instance of a model."""
    return st.deferred(lambda: _instances(model))


_approvers = st.builds(
    Approvers,
    count=st.integers(1, 3),
    people=st.just(()) | st.just(("ann", "ben", "cid")),
    within_s=st.none() | st.floats(1, 10**6),
)
_conditions = st.builds(ArgumentCondition, glob=texts, words=st.none() | st.just(("git", "push")))
_rules = st.builds(
    PermissionRule,
    effect=st.just("ask"),
    tool=texts,
    arguments=st.dictionaries(texts, texts | _conditions, max_size=2),
    after=st.sampled_from([(), ("untrusted",), ("web", "mcp")]),
    approvers=st.none() | _approvers,
) | st.builds(PermissionRule, effect=st.sampled_from(["allow", "deny"]), tool=texts, reason=texts)
_globs = st.lists(texts, min_size=1, max_size=2).map(tuple)
_needs = st.builds(Condition, paths=_globs) | st.builds(Condition, labels=_globs)
_checks = st.one_of(
    st.builds(CommandCheck, command=texts),
    st.builds(FileCheck, kind=st.just("file"), path=st.just("a.py"), contains=texts),
    st.builds(DiffCheck, kind=st.just("diff"), only=_globs),
    st.builds(OutputCheck, kind=st.just("output"), field=st.just("a.b"), one_of=st.just(("x", 1))),
    st.just(NumberCheck(kind="number", line="TOTAL*{number}%", command="cov", minimum=80)),
    st.builds(HttpCheck, kind=st.just("http"), url=st.just("https://example.org/"), contains=texts),
    st.just(PersonCheck(kind="person", question="Does it look right?")),
)
_steps = st.builds(
    AgentStep,
    id=st.just("make"),
    title=_patterns[r"\S"],
    agent=st.just("maker"),
    when=st.none() | _needs | st.builds(Condition, any=st.lists(_needs, min_size=1).map(tuple)),
    checks=st.lists(_checks, max_size=3).map(tuple),
    separate=st.just(()) | st.just(("agent", "person")),
) | st.just(AgentStep(id="look", title="Look", skills=("review",), prefer=("critic",), needs=()))
_sign_offs = st.builds(SignOff, count=st.integers(1, 3), roles=st.just(("maintainer",)))
_made: dict[type[BaseModel], st.SearchStrategy[Any]] = {  # fields that must fit each other
    Approvers: _approvers,
    ArgumentCondition: _conditions,
    PermissionRule: _rules,
    AgentStep: _steps,
    Condition: _needs,
    SignOff: _sign_offs,
}


def _instances(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    if model in _made:
        return _made[model]
    fields = {
        name: st.just(info.default)
        if name in {"v", "type", "kind"} and not info.is_required()
        else _values(info.annotation, info)
        for name, info in model.model_fields.items()
    }
    return st.fixed_dictionaries(fields).map(model.model_validate)


def any_event() -> st.SearchStrategy[AnyEvent]:
    """Any event of any kind."""
    return st.one_of([any_of(kind) for kind in get_args(AnyEvent)])


def _values(annotation: Any, info: FieldInfo | None = None) -> st.SearchStrategy[Any]:
    if annotation is JsonValue:
        return json_values
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        infos = [one for one in extra if isinstance(one, FieldInfo)]
        return _values(inner, infos[0] if infos else info)
    if annotation in (int, float):
        return _bounded(annotation, info)
    if annotation is str:
        return _text(info)
    if annotation in _plain:
        return _plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any_of(annotation)
    return _compound(annotation, info)


def _compound(annotation: Any, info: FieldInfo | None) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(one, info) for one in arguments])
    if origin is tuple:
        least = 1 if _bound(info, "min_length") else 0
        return st.lists(_values(arguments[0]), min_size=least, max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(texts, _values(arguments[1]), max_size=3)
    raise AssertionError(f"no strategy for {annotation}")


def _bounded(kind: type, info: FieldInfo | None) -> st.SearchStrategy[Any]:
    least = 1 if _bound(info, "gt") is not None else 0
    whole = st.integers(least, 10_000)
    return whole if kind is int else whole.map(float)


def _text(info: FieldInfo | None) -> st.SearchStrategy[str]:
    pattern = _bound(info, "pattern")
    if pattern is not None:
        return _patterns[pattern]
    return st.text(min_size=1, max_size=12) if _bound(info, "min_length") else texts


def _bound(info: FieldInfo | None, name: str) -> Any:
    return next(
        (getattr(one, name) for one in (info.metadata if info else ()) if hasattr(one, name)), None
    )


Draw = Callable[[st.SearchStrategy[Any]], Any]


def drawn(draw: object) -> Draw:
    """The `draw` of a composite or of `st.data()`, as a plain function."""
    return cast("Draw", draw)
