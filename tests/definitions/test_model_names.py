"""Names for models in `models.yaml`: aliases and chains."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callboard.definitions.folder import load_folder
from callboard.definitions.model_names import MODELS_FILE, FileModelNames
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.errors import ConfigurationInvalid

Write = Callable[..., FileModelNames]


@pytest.fixture
def names(tmp_path: Path) -> Write:
    """Writes the files in the order in which they count, and returns what reads them."""

    def write(*texts: str) -> FileModelNames:
        folders = [tmp_path / str(place) for place in range(len(texts))]
        for folder, text in zip(folders, texts, strict=True):
            folder.mkdir()
            (folder / MODELS_FILE).write_text(text)
        return FileModelNames((*folders, tmp_path / "absent"))

    return write


def meant(names: FileModelNames, model: str, **fields: Any) -> tuple[ModelChoice, ...]:
    definition = AgentDefinition(id="a", display_name="A", model=model, **fields)
    return asyncio.run(names.chain(definition))


CHAINS = """
aliases:
  fast: anthropic/claude-haiku-4.5
  ours: {model: qwen3, provider: self-hosted, baseUrl: 'http://localhost:8000/v1'}
chains:
  reviewer:
    - alias/fast
    - {model: gpt-4.1, provider: openai, credential: reviews}
    - alias/ours
"""
FAST = ModelChoice(model="anthropic/claude-haiku-4.5")
OURS = ModelChoice(model="qwen3", provider="self-hosted", base_url="http://localhost:8000/v1")
REVIEWS = ModelChoice(model="gpt-4.1", provider="openai", credential="reviews")


def test_a_chain_holds_models_and_aliases_in_its_own_order(names: Write):
    assert meant(names(CHAINS), "chain/reviewer") == (FAST, REVIEWS, OURS)


def test_an_alias_stands_for_one_model(names: Write):
    assert meant(names(CHAINS), "alias/ours") == (OURS,)


def test_a_model_stands_for_itself_and_no_file_is_read(names: Write):
    assert meant(names("this: is no such file"), "anthropic/claude-haiku-4.5") == ()


def test_an_earlier_folder_says_what_a_name_means_wherever_it_is_used(names: Write):
    first = "aliases: {fast: openai/gpt-4.1-mini}"
    both = names(first, CHAINS)
    assert meant(both, "alias/fast") == (ModelChoice(model="openai/gpt-4.1-mini"),)
    assert meant(both, "chain/reviewer")[0] == ModelChoice(model="openai/gpt-4.1-mini")


def test_a_changed_file_counts_at_once(names: Write, tmp_path: Path):
    read = names("aliases: {fast: vendor/one}")
    assert meant(read, "alias/fast") == (ModelChoice(model="vendor/one"),)
    (tmp_path / "0" / MODELS_FILE).write_text("aliases: {fast: vendor/two}")
    assert meant(read, "alias/fast") == (ModelChoice(model="vendor/two"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chains: {reviewer: []}", "chains.reviewer"),
        ("chains: {Reviewer: [a/b]}", "chains.Reviewer"),
        ("chain: {reviewer: [a/b]}", "chain"),
        ("chains: {reviewer: a/b}", "chains.reviewer"),
        ("chains: {reviewer: [a/b, a/b]}", "is in this chain already"),
        ("chains: {reviewer: [chain/other], other: [a/b]}", "no other chain"),
        ("chains: {reviewer: [alias/fats]}\naliases: {fast: a/b}", "did you mean 'fast'"),
        ("aliases: {one: alias/two, two: a/b}", "an alias stands for a model"),
        ("aliases: {one: {model: a/b, credential: c}}", "need a `provider`"),
        ("aliases: {one: {model: a/b, key: sk-1}}", "key"),
        ("aliases: [1]", "aliases"),
        ("- 1", "aliases"),
        ("aliases: {one: a/b, one: c/d}", "one"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(names: Write, text: str, told: str):
    with pytest.raises(ConfigurationInvalid) as caught:
        meant(names(text), "chain/reviewer")
    assert told in str(caught.value)
    assert MODELS_FILE in str(caught.value) or "nobody says" in str(caught.value)


def test_a_name_that_stands_for_nothing_says_where_to_say_it(names: Write, tmp_path: Path):
    with pytest.raises(ConfigurationInvalid) as caught:
        meant(names(CHAINS), "chain/reviewers")
    assert "did you mean 'chain/reviewer'" in str(caught.value)
    assert str(tmp_path / "0" / MODELS_FILE) in str(caught.value)


def test_the_file_is_taken_for_no_agent(tmp_path: Path):
    (tmp_path / MODELS_FILE).write_text(CHAINS)
    catalogue = load_folder(tmp_path, ("end_turn",))
    assert (catalogue.definitions, catalogue.problems) == ((), ())
