"""Who may call what with which arguments."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from callboard.domain.definition.permissions import ArgumentCondition, Effect, PermissionRule
from callboard.domain.message import JsonObject
from callboard.domain.policy import Policy, PolicyLayer
from callboard.domain.tool import Source
from callboard.engine.globs import glob_matches
from callboard.engine.permissions.ruling import Asked, Ruling, never_permitted
from callboard.engine.permissions.ruling import ruling as judged

STRICTNESS: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}

words = st.sampled_from(["read_files", "write_file", "run_terminal_command", "put", "*", "read_*"])
paths = st.sampled_from(["a", "src/a.py", "src/b/c.py", "secrets/key", "a b", ""])
globs = st.sampled_from(["**", "*", "src/**", "secrets/**", "*.py", "src/*.py", "a", "**/key"])
rules = st.builds(
    PermissionRule,
    effect=st.sampled_from(["allow", "ask", "deny"]),
    tool=words,
    arguments=st.dictionaries(st.sampled_from(["path", "paths"]), globs, max_size=2),
)
layers = st.lists(rules, max_size=5)
calls = st.tuples(
    st.sampled_from(["read_files", "write_file", "put"]),
    st.fixed_dictionaries({}, optional={"path": paths, "paths": st.lists(paths, max_size=3)}),
)


def said(layers_: Iterable[Iterable[PermissionRule]], tool: str, arguments: JsonObject) -> Ruling:
    named = (
        PolicyLayer(level="parent", name=f"layer {at}", rules=tuple(rules_))
        for at, rules_ in enumerate(layers_)
    )
    return judged(Policy(tuple(named)), Asked(tool, arguments))


def ruling(
    layers_: Iterable[Iterable[PermissionRule]], tool: str, arguments: JsonObject
) -> tuple[Effect, PermissionRule | None]:
    found = said(layers_, tool, arguments)
    return found.effect, found.reasons[0].rule if found.reasons else None


def rule(effect: Effect, tool: str, **arguments: str | ArgumentCondition) -> PermissionRule:
    return PermissionRule(effect=effect, tool=tool, arguments=arguments)


def effect_of(rules_: list[PermissionRule], tool: str, **arguments: object) -> Effect:
    return ruling([rules_], tool, arguments)[0]  # pyright: ignore[reportArgumentType]


def test_without_rules_everything_that_is_offered_may_be_called():
    assert ruling([], "put", {"path": "a"}) == ("allow", None)
    assert ruling([[]], "put", {"path": "a"}) == ("allow", None)


@pytest.mark.parametrize(
    ("given_effects", "wanted"),
    [
        (("allow",), "allow"),
        (("ask",), "ask"),
        (("deny",), "deny"),
        (("allow", "ask"), "ask"),
        (("ask", "deny"), "deny"),
        (("allow", "deny"), "deny"),
        (("allow", "ask", "deny"), "deny"),
    ],
)
def test_deny_wins_over_ask_and_ask_over_allow_in_every_order(given_effects, wanted):
    for order in itertools.permutations(given_effects):
        assert effect_of([rule(effect, "put") for effect in order], "put") == wanted


@given(layers, calls, st.randoms())
def test_the_order_of_rules_never_matters(given_rules, call, chance):
    shuffled = list(given_rules)
    chance.shuffle(shuffled)
    assert ruling([given_rules], *call)[0] == ruling([shuffled], *call)[0]


@given(st.lists(layers, max_size=4), calls, st.randoms())
def test_the_order_of_layers_never_matters(given_layers, call, chance):
    shuffled = list(given_layers)
    chance.shuffle(shuffled)
    assert ruling(given_layers, *call)[0] == ruling(shuffled, *call)[0]


@given(st.lists(layers, max_size=3), layers, calls)
def test_a_further_layer_never_permits_more(outer, inner, call):
    """What a child run may do is at most what its parent's run may do."""
    before, after = ruling(outer, *call)[0], ruling([*outer, inner], *call)[0]
    assert STRICTNESS[after] >= STRICTNESS[before]


@given(layers, words, globs, calls)
def test_adding_a_deny_rule_never_permits_more(given_rules, tool, glob, call):
    limiting = rule("deny", tool, path=glob)
    before, after = ruling([given_rules], *call)[0], ruling([[*given_rules, limiting]], *call)[0]
    assert STRICTNESS[after] >= STRICTNESS[before]


@given(layers, words, globs, calls)
def test_adding_an_ask_rule_never_lets_a_call_through_unasked(given_rules, tool, glob, call):
    limiting = rule("ask", tool, path=glob)
    before, after = ruling([given_rules], *call)[0], ruling([[*given_rules, limiting]], *call)[0]
    assert after != "allow" or before == "allow"


def test_what_is_asked_for_beside_a_grant_is_asked_and_the_rest_is_denied():
    given_rules = [rule("allow", "put", path="docs/**"), rule("ask", "put", path="src/**")]
    assert effect_of(given_rules, "put", path="docs/a") == "allow"
    assert effect_of(given_rules, "put", path="src/a") == "ask"
    assert effect_of(given_rules, "put", path="other/a") == "deny"


@given(layers, calls, st.data())
def test_removing_an_allow_rule_beside_another_that_speaks_of_the_tool_never_permits_more(
    given_rules, call, data
):
    """As long as one allow rule for the tool stays, what no allow rule matches stays denied."""
    allows = [
        one for one in given_rules if one.effect == "allow" and glob_matches(one.tool, call[0])
    ]
    if len(allows) < 2:
        return
    gone = data.draw(st.sampled_from(allows))
    rest = [one for one in given_rules if one is not gone]
    assert STRICTNESS[ruling([rest], *call)[0]] >= STRICTNESS[ruling([given_rules], *call)[0]]


@given(layers, calls)
def test_without_any_allow_rule_for_the_tool_only_what_matches_is_limited(given_rules, call):
    limiting = [one for one in given_rules if one.effect != "allow"]
    effect, why = ruling([limiting], *call)
    assert (effect == "allow") == (why is None)


@given(st.lists(layers, max_size=3), calls)
def test_a_ruling_names_a_rule_that_was_given(given_layers, call):
    _, why = ruling(given_layers, *call)
    assert why is None or any(why in one for one in given_layers)


def test_where_a_tool_has_an_allow_rule_what_no_allow_rule_matches_is_denied():
    given_rules = [rule("allow", "write_file", path="docs/**")]
    assert effect_of(given_rules, "write_file", path="docs/a.md") == "allow"
    assert effect_of(given_rules, "write_file", path="src/a.py") == "deny"
    assert effect_of(given_rules, "write_file") == "deny"
    assert effect_of(given_rules, "read_files", paths=["src/a.py"]) == "allow"


def test_a_grant_must_hold_for_every_member_of_a_list_and_a_limit_for_any():
    mixed = ["docs/a.md", "src/a.py"]
    assert effect_of([rule("allow", "read_files", paths="docs/**")], "read_files", paths=mixed) == (
        "deny"
    )
    assert effect_of([rule("deny", "read_files", paths="src/**")], "read_files", paths=mixed) == (
        "deny"
    )
    assert (
        effect_of([rule("ask", "read_files", paths="src/**")], "read_files", paths=mixed) == "ask"
    )


@pytest.mark.parametrize("empty", [[], {}, ""])
def test_an_empty_argument_satisfies_no_grant_for_a_path(empty):
    assert effect_of([rule("allow", "read_files", paths="docs/**")], "read_files", paths=empty) == (
        "deny"
    )


def test_objects_in_a_list_are_judged_by_the_texts_in_them():
    parts = [{"path": "secrets/key", "offset": 1}]
    assert effect_of(
        [rule("deny", "read_files", paths="secrets/**")], "read_files", paths=parts
    ) == ("deny")


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (2.5, "2.5")])
def test_numbers_are_judged_by_their_text(value, text):
    assert effect_of([rule("deny", "put", count=text)], "put", count=value) == "deny"


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (None, "null")])
def test_true_false_and_null_are_judged_by_their_spelling_in_the_file(value, text):
    assert effect_of([rule("deny", "put", force=text)], "put", force=value) == "deny"


TRICKS = [
    "secrets/key",
    "./secrets/key",
    "././secrets/key",
    "secrets//key",
    "secrets/./key",
    "a/../secrets/key",
    "a/b/../../secrets/key",
    "./a/../secrets//./key",
    "secrets/sub/../key",
    "secrets/a/b/c/../../../key",
    ".//secrets/key",
    ".//.//secrets/key",
    "a/..//secrets/key",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_spelling_of_a_path_walks_around_a_deny_rule(trick):
    given_rules = [rule("deny", "read_files", paths="secrets/**")]
    assert effect_of(given_rules, "read_files", paths=[trick]) == "deny"


@pytest.mark.parametrize("trick", ["docs/../src/a.py", "./docs/../src/a.py", "docs/..//src/a.py"])
def test_no_spelling_of_a_path_walks_into_a_grant(trick):
    given_rules = [rule("allow", "write_file", path="docs/**")]
    assert effect_of(given_rules, "write_file", path=trick) == "deny"


@given(st.lists(st.sampled_from(["a", "..", ".", "", "secrets", "key"]), min_size=1, max_size=7))
def test_a_path_that_comes_out_under_a_denied_folder_is_denied_however_it_is_spelt(parts):
    text = "/".join(parts)
    if text.startswith("/"):
        return
    here: list[str] = []
    for part in parts:
        if part == "..":
            if not here:
                return  # leads out of the workspace; the tools refuse it
            here.pop()
        elif part not in ("", "."):
            here.append(part)
    denied = effect_of([rule("deny", "read_files", path="secrets/**")], "read_files", path=text)
    if here[:1] == ["secrets"] and len(here) > 1:
        assert denied == "deny"


@pytest.mark.parametrize(
    ("denied", "trick"),
    [("secrets/**", "x://../secrets/key"), ("secrets/**", "a\n/../secrets/key")],
)
def test_no_odd_characters_switch_the_one_spelling_off(denied, trick):
    """`x:` and `a\\n` are possible names of folders, and an agent that writes files can make them."""
    assert effect_of([rule("deny", "read_files", path=denied)], "read_files", path=trick) == "deny"


@pytest.mark.parametrize("trick", ["secrets", "secrets/", "./secrets", "secrets/."])
def test_a_rule_for_everything_below_a_folder_speaks_of_the_folder_too(trick):
    """`list_directory` and `code_search` take the folder itself."""
    given_rules = [rule("deny", "list_directory", path="secrets/**")]
    assert effect_of(given_rules, "list_directory", path=trick) == "deny"


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("put", "put", True),
        ("put", "puts", False),
        ("*", "put", True),
        ("*", "", True),
        ("read_*", "read_files", True),
        ("read_?iles", "read_files", True),
        ("?", "", False),
        ("*.py", "a.py", True),
        ("*.py", "src/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "src/deep/a.py", True),
        ("**.py", "src/a.py", True),
        ("src/**", "src/a/b", True),
        ("src/**", "srcs/a", False),
        ("src/**/test_*", "src/test_a", True),
        ("src/**/test_*", "src/x/y/test_a", True),
        ("src/*", "src/a/b", False),
        ("**", "any/thing\nat all", True),
        ("a.b", "aXb", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a+(b)|c$", "a+(b)|c$", True),
        ("make *", "make test", True),
        ("make *", "make test && rm -rf src/x", False),
    ],
)
def test_a_glob_matches_whole_texts_and_stars_stay_within_a_segment(pattern, text, matches):
    assert glob_matches(pattern, text) == matches


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_usable_glob(pattern, text):
    assert glob_matches(pattern, text) in (True, False)
    assert glob_matches("**", text)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="*?"), max_size=20))
def test_a_glob_without_wildcards_matches_itself_and_nothing_else(text):
    assert glob_matches(text, text)
    assert not glob_matches(text, text + "x")


def where(**conditions: object) -> ArgumentCondition:
    return ArgumentCondition.model_validate(conditions)


PUSH = rule("deny", "run_terminal_command", command=where(words=["git", "push"]))

PUSHES = [
    "git push",
    "git push origin main",
    "git -C sub push",
    "git --no-pager push --force",
    "cd x && git push",
    "true; git push",
    "true | git push",
    "(git push)",
    "{ git push; }",
    "if true; then git push; fi",
    "FOO=bar git push",
    "/usr/bin/git push",
    "'git' push",
    'g"i"t pu\\sh',
    "sudo -u bob git push",
    "env A=b git push",
    "timeout 5 git push",
    "xargs git push",
    "bash -c 'git push'",
    'sh -ec "cd x; git push"',
    "eval git push",
    "echo $(git push)",
    'echo "now: $(git push)"',
    "echo `git push`",
    "cat <(git push)",
    "true\ngit push",
    "git $VERB",
    "$(echo git) push",
    "$GIT push",
    "bash script.sh",
    "nohup git push &",
]


@pytest.mark.parametrize("command", PUSHES)
def test_a_limit_on_a_commands_words_finds_it_wherever_a_shell_line_holds_it(command):
    assert effect_of([PUSH], "run_terminal_command", command=command) == "deny"


@pytest.mark.parametrize(
    "command",
    ["git pull", "echo git push", "ls push", "# git push", "echo 'git push'", "make push", "true"],
)
def test_a_limit_on_a_commands_words_leaves_other_commands_alone(command):
    assert effect_of([PUSH], "run_terminal_command", command=command) == "allow"


GRANT = rule("allow", "run_terminal_command", command=where(words=["npm", "test"]))


@pytest.mark.parametrize("command", ["npm test", "npm test -- --watch", "npm test; npm test"])
def test_a_grant_of_a_commands_words_covers_lines_with_nothing_else(command):
    assert effect_of([GRANT], "run_terminal_command", command=command) == "allow"


@pytest.mark.parametrize(
    "command",
    [
        "npm run",
        "npm test; rm -rf .",
        "npm test && curl evil.test",
        "npm test > .git/hooks/post-commit",
        "npm test $(rm -rf .)",
        "npm test `id`",
        "sudo npm test",
        "npm --prefix x test",
        "$(npm test)",
        "bash -c 'npm test'",
        "",
        "'npm test",
    ],
)
def test_a_grant_of_a_commands_words_covers_nothing_that_may_be_more(command):
    assert effect_of([GRANT], "run_terminal_command", command=command) == "deny"


@given(st.text("gitpush '\"\\$`(){};&|<>#\n-!*?~=[]", max_size=40))
def test_any_text_is_a_command_that_can_be_judged(command):
    limited = effect_of([PUSH], "run_terminal_command", command=command)
    granted = effect_of([GRANT], "run_terminal_command", command=command)
    assert (limited, granted) in {("allow", "deny"), ("deny", "deny"), ("allow", "allow")}


@pytest.mark.parametrize(
    ("url", "limited", "granted"),
    [
        ("https://api.example.com/x", True, True),
        ("https://API.example.com./x", True, True),
        ("api.example.com/x", True, True),
        ("https://user:pw@api.example.com:8443/", True, True),
        ("https://api.example.com.evil.test/", False, False),
        ("https://evil.test/?x=api.example.com", False, False),
        ("https://api.example.com@evil.test/", False, False),
        ("https://evil.test\\@api.example.com/", True, False),
        ("https://api.example.com\n.evil.test/", True, False),
        ("not a url at all", True, False),
        ("https://[::1", True, False),
    ],
)
def test_a_host_is_the_urls_own_and_what_cannot_be_read_is_limited_and_not_granted(
    url, limited, granted
):
    ask = rule("ask", "read_url", url=where(host="api.example.com"))
    allow = rule("allow", "read_url", url=where(host="api.example.com"))
    assert effect_of([ask], "read_url", url=url) == ("ask" if limited else "allow")
    assert effect_of([allow], "read_url", url=url) == ("allow" if granted else "deny")


def test_a_host_with_a_star_is_everything_below_it():
    below = [rule("deny", "read_url", url=where(host="*.example.com"))]
    assert effect_of(below, "read_url", url="https://a.b.example.com/") == "deny"
    assert effect_of(below, "read_url", url="https://example.com/") == "allow"
    assert effect_of(below, "read_url", url="https://notexample.com/") == "allow"


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"enum": ["a", 1]}, "a", True),
        ({"enum": ["a", 1]}, 1, True),
        ({"enum": [1]}, True, False),
        ({"enum": ["a"]}, "b", False),
        ({"minimum": 3}, 3, True),
        ({"minimum": 3}, 2.9, False),
        ({"maximum": 3}, 3.1, False),
        ({"minimum": 1, "maximum": 2}, "text", True),
        ({"maxLength": 2}, "ab", True),
        ({"maxLength": 2}, "abc", False),
        ({"minLength": 1}, [], False),
        ({"minLength": 1, "glob": "x*"}, "xy", True),
        ({"minLength": 3, "glob": "x*"}, "xy", False),
    ],
)
def test_conditions_mean_what_they_mean_in_a_json_schema(condition, value, holds):
    given_rules = [rule("deny", "put", count=where(**condition))]
    assert effect_of(given_rules, "put", count=value) == ("deny" if holds else "allow")


def test_a_condition_that_says_nothing_is_refused():
    with pytest.raises(ValidationError, match="holds no condition"):
        where()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"effect": "allow", "after": ["untrusted"]}, "use ask or deny"),
        ({"effect": "deny", "approvers": {"count": 2}}, "only ask needs them"),
        ({"effect": "ask", "approvers": {"count": 2, "people": ["ann"]}}, "asks for 2 people"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        PermissionRule.model_validate({"tool": "*", **fields})


def reading(read: frozenset[Source], *, outside: bool, **fields: object) -> Effect:
    layer = PolicyLayer(
        level="agent",
        name="a",
        rules=(PermissionRule.model_validate({"effect": "ask", "tool": "*", **fields}),),
    )
    asked = Asked("pay", {"path": "bill"}, read=read, outside=outside)
    return judged(Policy((layer,)), asked).effect


def test_a_rule_may_hold_only_after_untrusted_content_was_read():
    for source in ("repository", "web", "mcp", "tool"):
        assert reading(frozenset({source}), outside=True, after=["untrusted"]) == "ask"
    assert reading(frozenset(), outside=True, after=["untrusted"]) == "allow"
    assert reading(frozenset({"repository"}), outside=True, after=["web"]) == "allow"
    assert reading(frozenset({"repository", "web"}), outside=True, after=["web"]) == "ask"


def test_a_rule_may_hold_only_for_calls_that_reach_outside():
    assert reading(frozenset(), outside=True, reach="outside") == "ask"
    assert reading(frozenset(), outside=False, reach="outside") == "allow"


def test_all_rules_that_say_so_are_named_each_with_its_layer():
    found = said([[rule("ask", "put")], [rule("ask", "p*"), rule("allow", "put")]], "put", {})
    assert [(why.layer.name, why.rule.tool) for why in found.reasons] == [
        ("layer 0", "put"),
        ("layer 1", "p*"),
    ]


def test_a_tool_that_a_layer_denies_whatever_its_arguments_is_never_permitted():
    def never(*rules_: PermissionRule) -> bool:
        layer = PolicyLayer(level="agent", name="a", rules=rules_)
        return never_permitted(Policy((layer,)), "put")

    assert never(rule("deny", "p*"))
    assert not never(rule("deny", "p*", path="x"))
    assert not never(rule("ask", "put"))
    assert not never(PermissionRule(effect="deny", tool="put", after=("web",)))


def test_the_version_of_a_policy_is_that_of_its_rules():
    layer = PolicyLayer(level="agent", name="a", rules=(PUSH,))
    empty = PolicyLayer(level="space", name="s", rules=())
    assert Policy((layer,)).version == Policy((empty, layer)).version
    assert Policy((layer,)).version != Policy((layer, layer)).version


def test_a_command_too_long_to_be_read_is_limited_and_not_granted():
    long = "true;" * 20_000
    assert effect_of([PUSH], "run_terminal_command", command=long) == "deny"
    assert effect_of([GRANT], "run_terminal_command", command=f"npm test{long}") == "deny"
