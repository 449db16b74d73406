"""The same definition in every format, and what each format can get wrong."""

import json
import textwrap

import pytest

from callboard.definitions.syntax.yaml_source import read_yaml

from .desk import agent, only, shown

YAML = """\
id: a
displayName: A
model: scripted/x
toolNames: [read_files, end_turn]
"""
PYTHON = """\
TOOLS = ["read_files", "end_turn"]
definition = AgentDefinition(id="a", display_name="A", model="scripted/x", tool_names=TOOLS)
"""
MARKDOWN = f"---\n{YAML}---\n"


def test_every_format_says_the_same(desk):
    files = {
        "a.json": json.dumps(agent(toolNames=["read_files", "end_turn"])),
        "a.yaml": YAML,
        "a.yml": YAML,
        "a.md": MARKDOWN,
        "a.py": PYTHON,
    }
    assert len({only(desk.read(name, text)).digest for name, text in files.items()}) == 1


@pytest.mark.parametrize("name", ["a.yaml", "a.md", "a.py"])
def test_a_byte_order_mark_and_crlf_change_nothing(desk, name):
    text = {"a.yaml": YAML, "a.md": MARKDOWN, "a.py": PYTHON}[name]
    odd = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    assert only(desk.read(name, odd)) == only(desk.read(f"plain-{name}", text))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b'{"id": "\xed\xa0\x80"}', "is not UTF-8 text"),
        (b"a\x00b", "holds a NUL"),
        (b"x" * (1024 * 1024 + 1), "is larger than 1024 KiB"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_text_is_refused(desk, content, reason):
    (problem,) = shown(desk.read("a.json", content))
    assert reason in problem


class TestJson:
    def test_a_syntax_error_has_line_and_column(self, desk):
        (problem,) = shown(desk.read("a.json", '{\n  "id": "a",\n  id: "b"}'))
        assert problem.startswith(": line 3, column 3:")

    def test_duplicate_keys_are_named_with_their_path(self, desk):
        text = '{"id":"a","id":"b","displayName":"A","model":"m","limits":{"turns":1,"turns":2}}'
        assert [p.field for p in desk.read("a.json", text).problems] == ["id", "limits.turns"]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
    def test_numbers_that_json_does_not_have_are_refused(self, desk, number):
        text = json.dumps(agent())[:-1] + f', "limits": {{"turns": {number}}}}}'
        assert len(desk.read("a.json", text).problems) == 1

    def test_a_number_of_thousands_of_digits_is_refused_in_plain_words(self, desk):
        text = json.dumps(agent())[:-1] + f', "limits": {{"turns": {"9" * 5000}}}}}'
        (problem,) = desk.read("a.json", text).problems
        assert problem.message == "a number has 5000 digits; 4000 are the most"

    @pytest.mark.parametrize("bracket", ["[", '{"a":'])
    def test_bottomless_nesting_is_a_problem(self, desk, bracket):
        (problem,) = shown(desk.read("a.json", bracket * 100_000))
        assert "deeply" in problem

    def test_objects_that_pose_as_something_else_are_only_unknown_fields(self, desk):
        problems = desk.problems(lc=1, __reduce__=["os.system", "x"], constructor={})
        assert len(problems) == 3


class TestYaml:
    @pytest.mark.parametrize(
        "word",
        [
            "on",
            "off",
            "yes",
            "no",
            "y",
            "NO",
            "1:30",
            "2026-01-01",
            "0x1F",
            "010",
            "1_000",
            "=",
            "<<",
        ],
    )
    def test_words_stay_what_they_look_like(self, findings, word):
        assert read_yaml(f"key: {word}", findings) == {"key": word}

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("true", True),
            ("False", False),
            ("null", None),
            ("~", None),
            ("", None),
            ("-12", -12),
            ("1.5", 1.5),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("'1'", "1"),
            ('"true"', "true"),
            ("|\n  a\n  b\n", "a\nb\n"),
            ("[1, [x], {}]", [1, ["x"], {}]),
        ],
    )
    def test_values_are_those_of_json(self, findings, text, value):
        assert read_yaml(f"key: {text}", findings) == {"key": value}
        assert findings.problems == []

    def test_keys_are_text_whatever_they_look_like(self, findings):
        assert read_yaml("on: 1\n2: x\nnull: y", findings) == {"on": 1, "2": "x", "null": "y"}

    def test_duplicate_keys_are_named_with_both_lines(self, desk):
        (problem,) = shown(desk.read("a.yaml", YAML + "limits:\n  turns: 1\n  turns: 2\n"))
        assert problem == "limits.turns: is given twice, in lines 6 and 7"

    def test_a_bomb_of_anchors_is_refused_unexpanded(self, desk):
        levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
        (problem,) = shown(desk.read("a.yaml", "\n".join(["l0: &l0 [x]", *levels])))
        assert problem == ": line 1: anchors and aliases (& and *) are not allowed"

    @pytest.mark.parametrize(
        "tag",
        [
            "!!python/object/apply:os.system ['touch canary']",
            "!!str x",
            "!custom x",
            "!!binary aGk=",
        ],
    )
    def test_tags_are_refused(self, desk, tag, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (problem,) = shown(desk.read("a.yaml", f"id: {tag}"))
        assert "tags" in problem
        assert not (tmp_path / "canary").exists()

    @pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "a: {" * 5_000, "? " * 5_000])
    def test_bottomless_nesting_is_a_problem(self, desk, text):
        assert len(desk.read("a.yaml", text).problems) == 1

    def test_a_second_document_is_refused(self, desk):
        (problem,) = shown(desk.read("a.yaml", YAML + "---\nid: b\n"))
        assert "line 5: a second document begins" in problem

    def test_a_syntax_error_has_line_and_column(self, desk):
        (problem,) = shown(desk.read("a.yaml", "id: a\nmodel: [x\nfoo: }"))
        assert problem.startswith(": line 3, column")

    @pytest.mark.parametrize(
        ("file", "text"), [("a.yaml", "# nothing\n"), ("a.json", " \n"), ("a.json", "null")]
    )
    def test_an_empty_file_is_a_problem(self, desk, file, text):
        assert shown(desk.read(file, text)) == [": is empty"]


class TestMarkdown:
    def test_the_body_is_the_system_prompt(self, desk):
        definition = only(
            desk.read("a.md", MARKDOWN + "\nYou are A.\n\n---\n\nNot front matter.\n")
        )
        assert definition.system_prompt == "You are A.\n\n---\n\nNot front matter."

    @pytest.mark.parametrize("name", ["systemPrompt", "system_prompt"])
    def test_a_body_and_a_system_prompt_are_one_too_many(self, desk, name):
        (problem,) = shown(desk.read("a.md", f"---\n{YAML}{name}: x\n---\nbody"))
        assert problem.startswith(f"{name}: is given, and so is a body")

    def test_lines_are_counted_from_the_top_of_the_file(self, desk):
        (problem,) = shown(desk.read("a.md", "---\nid: a\nid: b\nmodel: m\ndisplayName: A\n---\n"))
        assert problem == "id: is given twice, in lines 2 and 3"

    def test_text_without_front_matter_is_no_agent(self, desk):
        catalogue = desk.read("README.md", "# Agents\n")
        assert (catalogue.problems, len(catalogue.skipped)) == ((), 1)

    def test_front_matter_without_an_end_is_a_problem(self, desk):
        (problem,) = shown(desk.read("a.md", "---\nid: a\n"))
        assert "has no end" in problem


class TestPython:
    def read(self, desk, text):
        return desk.read("a.py", textwrap.dedent(text))

    def test_a_dict_is_as_good_as_a_call(self, desk):
        text = """
            definition: dict = {"id": "a", "displayName": "A", "model": "scripted/x",
                                "limits": Limits(turns=3, cost_usd=-0.0), "systemPrompt": "a" + "b" "c"}
        """
        assert only(self.read(desk, text)).system_prompt == "abc"

    def test_several_definitions_load_and_fail_one_by_one(self, desk):
        text = """
            MODEL = "scripted/x"
            definitions = [
                dict(id="a", display_name="A", model=MODEL),
                dict(id="B", display_name="B", model=MODEL),
                Agent(id="c", display_name="C", model=MODEL),
            ]
        """
        catalogue = self.read(desk, text)
        assert [loaded.definition.id for loaded in catalogue.definitions] == ["a", "c"]
        assert [problem.field for problem in catalogue.problems] == ["id"]
        assert catalogue.broken_ids == {"B"}

    @pytest.mark.parametrize("reference", ["handle_steps=handle_steps", "version=None"])
    def test_handle_steps_is_kept_as_its_source(self, desk, reference):
        text = f"""
            def handle_steps(state, prompt, params):
                result = yield {{"toolName": "read_files", "input": {{"paths": ["a"]}}}}
                yield "STEP_ALL"

            definition = AgentDefinition(id="a", display_name="A", model="m/x", {reference})
        """
        catalogue = self.read(desk, text)
        steps = only(catalogue).handle_steps
        assert steps is not None
        assert steps.startswith("def handle_steps(state")
        assert steps.endswith('yield "STEP_ALL"')
        assert [warning.field for warning in catalogue.warnings] == ["toolNames"]

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("definition = make()", "make(…)"),
            ("definition = AgentDefinition(**x)", "**"),
            ("definition = AgentDefinition(id=f'{x}')", "f'{x}'"),
            ("definition = {'id': open('/etc/passwd').read()}", "is not a literal"),
            ("definition = {'id': [x for x in y]}", "is not a literal"),
            ("x = 1\nx = 2\ndefinition = {'id': x}", "bound once"),
            ("definition = {'id': missing}", "missing is not a literal"),
            ("x = [x]\ndefinition = {'id': x}", "nested too deeply"),
            ("definition = {'id': 'a', 'id': 'b'}", "id is given twice"),
            ("definition = {1: 'a'}", "keys must be text"),
            ("definitions = make()", "definitions must be a list"),
            ("definition = AgentDefinition('a')", "AgentDefinition(…)"),
        ],
    )
    def test_what_is_not_literal_is_named_with_its_line(self, desk, text, what):
        (problem,) = shown(desk.read("a.py", text))
        assert what in problem
        assert problem.startswith(f": line {text.count(chr(10)) + 1}:") or "deeply" in what

    def test_a_module_without_a_definition_is_skipped(self, desk):
        catalogue = desk.read("helpers.py", "def f():\n    pass\n")
        assert (catalogue.problems, len(catalogue.skipped)) == ((), 1)

    @pytest.mark.parametrize(
        "text",
        [
            "definition = (",
            "definition = {'id': '\\ud800'}",
            "(" * 5000,
            "definition = " + "-" * 50_000 + "1",
        ],
    )
    def test_hostile_text_is_a_problem(self, desk, text):
        assert len(desk.read("a.py", text).problems) >= 1

    def test_nothing_is_executed(self, desk, tmp_path):
        canary = tmp_path / "canary"
        touch = f"open({str(canary)!r}, 'w')"
        text = f"""
            import os, sys; {touch}
            from x import *
            {touch}
            @(lambda f: {touch})
            def handle_steps(prompt={touch}, *, other: {touch} = {touch}) -> {touch}:
                {touch}; yield "STEP"
            class Meta(type):
                def __prepare__(*_): {touch}; return {{}}
            class Body(metaclass=Meta, x={touch}):
                {touch}
                y: {touch} = {touch}
            lam = lambda: {touch}
            if True: {touch}
            assert {touch}
            definition = AgentDefinition(id="a", display_name="A", model="m/x", version={touch})
        """
        assert shown(self.read(desk, text)) != []
        assert shown(self.read(desk, text.replace(f", version={touch}", ""))) != []
        assert not canary.exists()


def test_scripts_are_left_alone_where_nothing_evaluates_them(desk):
    catalogue = desk.read("a.ts", "export default {}")
    assert (catalogue.definitions, catalogue.problems) == ((), ())
    assert "nothing here evaluates programs" in catalogue.skipped[0].message
