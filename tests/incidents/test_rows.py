"""Every incident that we know of is tried. Those around tool servers, of which none is started yet, by what does not happen."""

import pytest

from .named import missing

BY_COMMAND = "tests/incidents/test_incidents_by_command.py"
BY_CLASS = "tests/incidents/test_incidents_by_class.py"
SANDBOX = "tests/incidents/test_sandbox_incidents.py"
HTTP = "tests/incidents/test_http_incidents.py"
PORTS = "tests/incidents/test_port_incidents.py"
STATE = "tests/incidents/test_state_incidents.py"
STATEMENTS = "tests/incidents/test_statement_incidents.py"
PROGRAMS = "tests/incidents/test_program_incidents.py"
SERVERS = "tests/incidents/test_tool_server_incidents.py"
APPROVALS = "tests/incidents/test_approval_incidents.py"
CONTAINED = "tests/incidents/test_containment_incidents.py"

COVERED = {
    "Langflow CVE-2025-3248": (
        f"{BY_COMMAND}::test_langflow_cve_2025_3248_validating_a_definition_executes_nothing_of_it_outside",
    ),
    "Langflow CVE-2026-33017": (
        f"{HTTP}::test_langflow_cve_2026_33017_a_request_for_a_run_brings_no_definition_of_its_own",
        f"{HTTP}::test_langflow_cve_2026_33017_what_runs_is_the_stored_definition_whatever_its_input_says",
        f"{HTTP}::test_langflow_cve_2026_33017_another_model_is_for_those_who_may_change_the_agent",
        f"{HTTP}::test_langflow_cve_2026_33017_nobody_but_who_may_start_runs_anywhere_names_a_directory",
    ),
    "Langflow CVE-2025-34291": (
        f"{HTTP}::test_langflow_cve_2025_34291_no_other_origin_is_let_in_by_any_route",
        f"{HTTP}::test_langflow_cve_2025_34291_a_cookie_alone_changes_nothing_on_any_route",
        f"{HTTP}::test_langflow_cve_2025_34291_a_session_is_not_made_longer_or_new_by_being_used",
    ),
    "n8n CVE-2026-21858": (
        f"{HTTP}::test_n8n_cve_2026_21858_a_body_is_what_its_content_type_says_on_every_route",
        f"{HTTP}::test_n8n_cve_2026_21858_no_body_makes_the_server_read_a_file",
        f"{HTTP}::test_n8n_cve_2026_21858_a_sent_file_is_its_bytes_and_its_name_leads_nowhere",
        f"{HTTP}::test_n8n_cve_2026_21858_a_signed_message_is_read_as_json_whatever_it_calls_itself",
    ),
    "Flowise CVE-2025-59528, CVE-2026-40933": (
        f"{SERVERS}::test_flowise_cve_2026_40933_reading_a_definition_starts_no_program_and_opens_no_connection",
        f"{SERVERS}::test_flowise_cve_2025_59528_publishing_over_http_starts_nothing_either",
        f"{SERVERS}::test_ox_stdio_a_run_starts_no_server_of_its_definition_or_its_workspace",
    ),
    "Dify CVE-2026-41947": (
        "tests/api/test_refusals.py::test_for_an_outsider_what_is_not_theirs_is_not_there",
        "tests/api/test_refusals.py::test_every_route_that_changes_something_has_a_row",
        f"{HTTP}::test_dify_cve_2026_41947_no_page_shows_a_stranger_that_somebody_elses_thing_is_there",
        f"{HTTP}::test_dify_cve_2026_41947_no_form_of_a_stranger_does_or_tells_anything",
        f"{HTTP}::test_dify_cve_2026_41947_no_list_and_no_search_holds_what_is_somebody_elses",
        f"{HTTP}::test_dify_cve_2026_41947_no_stream_and_no_socket_tells_a_stranger_anything",
    ),
    "LiteLLM CVE-2026-42208": (
        f"{STATEMENTS}::test_litellm_cve_2026_42208_no_bearer_becomes_part_of_a_statement",
    ),
    "Cursor CVE-2025-54135/54136": (
        f"{APPROVALS}::test_cursor_cve_2025_54136_an_approval_of_one_call_is_none_of_another",
        f"{APPROVALS}::test_cursor_cve_2025_54136_any_change_of_the_rules_asks_anew",
        f"{APPROVALS}::test_cursor_cve_2025_54135_an_agent_that_was_changed_while_its_run_waits_is_not_what_runs",
        f"{APPROVALS}::test_cursor_cve_2025_54135_an_approval_that_was_used_is_used_up",
    ),
    "opencode CVE-2026-22812": (
        f"{PORTS}::test_opencode_cve_2026_22812_a_port_of_this_machine_wants_a_token_too",
        f"{PORTS}::test_opencode_cve_2026_22812_a_page_of_another_port_of_this_machine_is_another_site",
        f"{PORTS}::test_opencode_cve_2026_22812_another_user_of_this_machine_is_not_its_owner",
    ),
    "MCP Inspector CVE-2025-49596, Python SDK CVE-2025-66416": (
        f"{PORTS}::test_mcp_inspector_cve_2025_49596_no_port_answers_under_somebody_elses_name",
        f"{PORTS}::test_mcp_inspector_cve_2025_49596_the_way_out_of_commands_is_no_server_of_anything",
        "tests/telemetry/test_probes.py::test_a_name_that_somebody_elses_pages_can_have_is_told_nothing",
    ),
    "mcp-remote CVE-2025-6514": (
        f"{SERVERS}::test_mcp_remote_cve_2025_6514_an_address_to_sign_in_at_is_https_and_nothing_else",
        "tests/api/test_openid.py::test_what_is_sent_to_a_provider_goes_by_tls_or_stays_on_this_machine",
        "tests/architecture/test_source_rules.py::test_no_shell_is_started_on_a_text_of_ours",
    ),
    "MCP filesystem CVE-2025-53109/53110, git CVE-2025-68143/4/5, CVE-2026-27735": (
        f"{CONTAINED}::test_mcp_filesystem_cve_2025_53109_no_tool_reaches_a_neighbour_whose_name_begins_alike",
        f"{CONTAINED}::test_mcp_filesystem_cve_2025_53110_no_command_reaches_a_neighbour_whose_name_begins_alike",
        f"{CONTAINED}::test_mcp_git_cve_2025_68143_git_makes_and_adds_nothing_beside_the_workspace",
        f"{CONTAINED}::test_mcp_filesystem_cve_2025_53109_a_prompt_is_from_below_its_folder_and_no_neighbour",
    ),
    "OX stdio advisory": (
        f"{SERVERS}::test_ox_stdio_a_run_starts_no_server_of_its_definition_or_its_workspace",
        f"{SERVERS}::test_ox_stdio_an_agent_that_has_servers_has_none_of_their_tools",
    ),
    "OpenClaw CVE-2026-25253; ClawHub": (
        f"{HTTP}::test_openclaw_cve_2026_25253_a_socket_is_for_our_own_pages_only",
        f"{HTTP}::test_openclaw_cve_2026_25253_a_socket_takes_no_token_from_its_address_or_its_messages",
        f"{SERVERS}::test_openclaw_clawhub_a_skill_is_a_text_and_nothing_of_it_runs",
        f"{SERVERS}::test_openclaw_clawhub_what_a_skill_said_is_on_record_and_cannot_be_changed_afterwards",
    ),
    "n8n CVE-2025-68613, -68668, CVE-2026-49444": (
        f"{PROGRAMS}::test_n8n_cve_2025_68613_a_python_program_that_leaves_its_language_reaches_nothing",
        f"{PROGRAMS}::test_n8n_cve_2025_68613_a_javascript_program_that_leaves_its_language_reaches_nothing",
        f"{PROGRAMS}::test_n8n_cve_2025_68613_the_language_is_not_what_keeps_programs_in",
        f"{PROGRAMS}::test_n8n_cve_2025_68613_a_template_has_names_and_no_expressions",
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
        f"{STATE}::test_langgraph_cve_2025_64439_whatever_is_stored_comes_back_as_the_data_it_was",
        f"{STATE}::test_langgraph_cve_2025_64439_nothing_that_is_stored_does_anything_when_it_is_read",
        f"{STATE}::test_langgraph_cve_2026_28277_nothing_goes_on_from_a_log_that_was_altered",
        f"{STATE}::test_langchain_cve_2025_68664_a_run_that_handles_such_objects_hands_them_on_as_text",
        f"{BY_CLASS}::test_langchain_cve_2025_68664_an_answer_that_poses_as_an_object_is_text",
        "tests/domain/test_codec.py::test_any_bytes_are_an_event_or_corrupt",
        "tests/domain/test_codec.py::test_a_hostile_body_is_corrupt_and_nothing_else",
        "tests/architecture/test_source_rules.py::test_nothing_loads_objects_that_can_run_code",
    ),
    "LangGraph CVE-2025-67644": (
        f"{BY_COMMAND}::test_langgraph_cve_2025_67644_what_is_asked_for_is_never_a_statement",
        f"{STATEMENTS}::test_langgraph_cve_2025_67644_neither_a_name_nor_a_value_of_a_filter_becomes_a_statement",
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

ROWS = 31


def test_every_incident_is_tried():
    assert len(COVERED) == ROWS
    assert all(COVERED.values())


@pytest.mark.parametrize("row", COVERED)
def test_the_tests_of_an_incident_are_there(row):
    assert missing(COVERED[row]) == []
