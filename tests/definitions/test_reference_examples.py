"""Definitions as the public Agent Reference writes them, as data."""

import pytest

from .desk import only

THINKER = """
id: thinker
displayName: Thinker
model: anthropic/claude-sonnet-4.5
reasoningOptions: {enabled: true, exclude: false, effort: high}
"""

REVIEWER = """
{
  "id": "code-reviewer",
  "displayName": "Code Review Specialist",
  "spawnerPrompt": "Spawn this agent for thorough code review",
  "model": "anthropic/claude-sonnet-4.5",
  "outputMode": "structured_output",
  "outputSchema": {
    "type": "object",
    "properties": {
      "summary": { "type": "string" },
      "issues": { "type": "array", "items": { "type": "string" } },
      "score": { "type": "number" }
    },
    "required": ["summary", "issues"]
  },
  "toolNames": ["read_files", "write_file", "code_search", "set_output", "end_turn"],
  "inputSchema": {
    "prompt": { "type": "string", "description": "What documentation to create" },
    "params": {
      "type": "object",
      "properties": { "format": { "type": "string", "enum": ["markdown", "html"] } }
    }
  }
}
"""

DOCUMENTATION_WRITER = """
id: documentation-writer
version: "1.0.0"
publisher: mycompany
displayName: Documentation Writer
spawnerPrompt: Spawn this agent for writing documentation, API docs, or user guides
model: anthropic/claude-sonnet-4.5
outputMode: last_message
includeMessageHistory: true
toolNames: [read_files, write_file, code_search, spawn_agents, end_turn]
spawnableAgents: ["codebuff/researcher@0.0.1"]
inputSchema:
  prompt: {type: string, description: What documentation to create or update}
systemPrompt: {path: ./prompts/doc-writer-system.md}
instructionsPrompt: Create documentation based on the user's request.
stepPrompt: Continue working on the documentation. Use end_turn when complete.
"""


@pytest.mark.parametrize(("name", "text"), [("t.yaml", THINKER), ("r.json", REVIEWER)])
def test_the_examples_of_single_fields_validate(desk, name, text):
    catalogue = desk.read(name, text)
    only(catalogue)
    assert catalogue.warnings == ()


def test_the_whole_example_validates_with_its_prompt_file(desk):
    desk.put("prompts/doc-writer-system.md", "You write documentation.")
    definition = only(desk.read("documentation-writer.yaml", DOCUMENTATION_WRITER))
    assert definition.system_prompt == "You write documentation."
    assert definition.spawnable_agents == ("codebuff/researcher@0.0.1",)
