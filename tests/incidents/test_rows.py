"""Every incident that we know of is tried, or it is said why not yet."""

import pytest
from tests.docs.pages import ROOT

BY_COMMAND = "tests/incidents/test_incidents_by_command.py"
BY_CLASS = "tests/incidents/test_incidents_by_class.py"
SANDBOX = "tests/incidents/test_sandbox_incidents.py"

COVERED = {
    "Langflow CVE-2025-3248": (
        f"{BY_COMMAND}::test_langflow_cve_2025_3248_validating_a_definition_executes_nothing_of_it_outside",
    ),
    "n8n CVE-2025-68613, -68668, CVE-2026-49444": (
        "tests/sandbox/test_seccomp.py::test_a_worker_may_make_the_listed_calls_only",
        "tests/architecture/test_source_rules.py::test_nothing_turns_text_into_running_code",
    ),
    "n8n CVE-2026-21877": (
        f"{SANDBOX}::test_n8n_cve_2026_21877_no_repository_makes_the_host_run_its_code",
    ),
    "Flowise CVE-2026-41271, Dify SSRF": (
        f"{BY_CLASS}::test_flowise_cve_2026_41271_no_spelling_of_an_address_leads_to_this_machine",
        "tests/web_access/test_egress.py::test_no_spelling_leads_to_where_nobody_may_go",
        "tests/web_access/test_fetcher.py::test_a_name_is_resolved_once_and_the_judged_address_is_connected_to",
        "tests/web_access/test_fetcher.py::test_every_redirect_is_judged_anew",
    ),
    "LangGraph CVE-2025-64439, CVE-2026-28277; LangChain CVE-2025-68664": (
        f"{BY_CLASS}::test_langgraph_cve_2025_64439_stored_state_is_data_and_becomes_no_object",
        f"{BY_CLASS}::test_langchain_cve_2025_68664_an_answer_that_poses_as_an_object_is_text",
        "tests/domain/test_codec.py::test_any_bytes_are_an_event_or_corrupt",
        "tests/domain/test_codec.py::test_a_hostile_body_is_corrupt_and_nothing_else",
        "tests/architecture/test_source_rules.py::test_nothing_loads_objects_that_can_run_code",
    ),
    "LangGraph CVE-2025-67644": (
        f"{BY_COMMAND}::test_langgraph_cve_2025_67644_what_is_asked_for_is_never_a_statement",
    ),
    "LangChain CVE-2026-34070": (
        f"{BY_COMMAND}::test_langchain_cve_2026_34070_a_prompt_comes_from_below_its_definition_only",
    ),
    "Semantic Kernel CVE-2026-26030 / -25592": (
        f"{BY_CLASS}::test_semantic_kernel_cve_2026_25592_only_what_a_definition_lists_can_be_called",
        "tests/tools/test_catalog.py::test_the_list_of_tools_is_the_reviewed_one",
        "tests/architecture/test_source_rules.py::test_nothing_turns_text_into_running_code",
    ),
    "CrewAI CVE-2026-2275": (
        f"{SANDBOX}::test_crewai_cve_2026_2275_without_a_sandbox_the_tool_fails_by_name_and_runs_nothing",
    ),
    "LiteLLM 1.82.7/1.82.8": (
        f"{BY_COMMAND}::test_litellm_1_82_8_no_package_of_the_lock_runs_code_when_python_starts",
        "tests/architecture/test_shipped.py::test_files_that_run_code_when_python_starts_are_the_reviewed_ones",
    ),
    "Claude Code CVE-2026-25724, -39861": (
        f"{SANDBOX}::test_claude_code_cve_2026_25724_no_spelling_of_a_path_leads_outside",
    ),
    "Claude Code CVE-2026-25725": (
        f"{SANDBOX}::test_claude_code_cve_2026_25725_control_files_are_protected_whether_or_not_they_exist",
    ),
    "Claude Code CVE-2025-59536 / CVE-2026-21852": (
        f"{BY_COMMAND}::test_claude_code_cve_2026_21852_files_of_a_repository_redirect_no_requests",
    ),
    "Claude Code CVE-2026-46406": (
        f"{SANDBOX}::test_claude_code_cve_2026_46406_temporary_places_are_private_and_cannot_be_foretold",
    ),
    "claude-code-action, Comment-and-Control": (
        f"{BY_CLASS}::test_claude_code_action_the_key_of_the_process_is_nowhere_an_agent_can_look",
        "tests/vault/test_canaries.py::test_a_run_that_looks_for_secrets_everywhere_finds_none_and_leaves_none",
    ),
    "postmark-mcp 1.0.16": (
        f"{SANDBOX}::test_postmark_mcp_1_0_16_a_package_that_turns_hostile_sends_nothing_to_hosts_that_are_not_listed",
    ),
    "PocketOS": (
        f"{BY_COMMAND}::test_pocketos_a_credential_that_an_agent_finds_reaches_neither_the_model_nor_the_log",
        f"{BY_COMMAND}::test_pocketos_a_mark_is_not_written_over_the_credential_that_it_stands_for",
    ),
    "OpenHands #4288": (
        f"{BY_CLASS}::test_openhands_4288_a_mask_replaces_no_key_and_no_export_holds_one",
        "tests/usecases/test_credentials.py::test_a_mask_that_is_written_back_changes_nothing",
        "tests/cli/test_proof.py::test_a_stored_key_is_not_exported_either",
    ),
}

LATER = {
    "Langflow CVE-2026-33017": "there is no HTTP interface that takes a run request",
    "Langflow CVE-2025-34291": "there is no HTTP interface and no cookie",
    "n8n CVE-2026-21858": "there are no uploads and no webhooks",
    "Flowise CVE-2025-59528, CVE-2026-40933": "no MCP server is started",
    "Dify CVE-2026-41947": "there are no tenants",
    "LiteLLM CVE-2026-42208": "there is no HTTP interface and no bearer token of ours",
    "Cursor CVE-2025-54135/54136": "no MCP server is approved; approvals of calls are bound by digest already",
    "opencode CVE-2026-22812": "no port is opened",
    "MCP Inspector CVE-2025-49596, Python SDK CVE-2025-66416": "no port is opened",
    "mcp-remote CVE-2025-6514": "there is no OAuth",
    "MCP filesystem CVE-2025-53109/53110, git CVE-2025-68143/4/5, CVE-2026-27735": (
        "no MCP server ships; paths of our own tools are tried under Claude Code CVE-2026-25724"
    ),
    "OX stdio advisory": "no MCP server is started",
    "OpenClaw CVE-2026-25253; ClawHub": "no socket is opened, and skills are texts that come from folders only",
}

ROWS = 31


def test_every_incident_is_either_tried_or_left_for_a_reason():
    assert not COVERED.keys() & LATER.keys()
    assert len(COVERED) + len(LATER) == ROWS
    assert all(LATER.values())


@pytest.mark.parametrize("row", COVERED)
def test_the_tests_of_an_incident_are_there(row):
    for name in COVERED[row]:
        file, _, test = name.partition("::")
        assert f"def {test}(" in (ROOT / file).read_text(), name
