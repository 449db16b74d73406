"""Every bad input and every fault of the list that we keep is tried by a test that is there."""

import pytest

from .named import missing

FORMATS = "tests/definitions/test_formats.py"
FIELDS = "tests/definitions/test_fields.py"
DEFINED = "tests/definitions/test_corpus.py"
SCHEMA = "tests/definitions/test_schema.py"
HERE = "tests/incidents/test_inputs_tried.py"
DECODING = "tests/providers/test_decoding.py"
APPROVALS = "tests/runtime/test_approvals.py"
REPLACING = "tests/tools/test_replacing.py"
FILES = "tests/tools/test_file_tools.py"
COMMANDS = "tests/sandbox/test_commands.py"
COMMANDS_CONTRACT = "src/callboard/testing/workspace/commands.py"
MARKDOWN = "tests/web/render/test_markdown.py"
CRON = "tests/usecases/test_cron.py"
HOOKS = "tests/usecases/test_hooks.py"
DATABASE = "tests/stores/test_database_file.py"
HTTP = "tests/incidents/test_http_incidents.py"
BINDING = "tests/incidents/test_approval_incidents.py"

DEFINITIONS = {
    "duplicate JSON keys": (f"{FORMATS}::test_duplicate_keys_are_named_with_their_path",),
    "UTF-8 BOM, CRLF": (f"{FORMATS}::test_a_byte_order_mark_and_crlf_change_nothing",),
    "lone surrogate, NUL in id or prompt": (
        f"{HERE}::test_an_id_with_signs_that_no_name_has_is_refused_with_its_field",
        f"{HERE}::test_odd_signs_in_a_prompt_reach_the_model_as_text_or_are_refused",
    ),
    "20 MB prompt": (
        f"{HERE}::test_a_prompt_of_twenty_megabytes_is_refused_with_its_file_and_the_others_load",
    ),
    "10^5 tools": (f"{FIELDS}::test_far_too_many_tools_are_one_problem",),
    "schema with recursive, remote or dynamic $ref, a hostile regex, deep allOf": (
        f"{SCHEMA}::test_hostile_schemas_and_values_end_soon_with_an_issue",
        f"{SCHEMA}::test_what_cannot_be_applied_is_said_to_be_so",
        f"{SCHEMA}::test_recursive_schemas_work",
        f"{DEFINED}::test_a_hostile_schema_is_refused_with_its_field",
    ),
    "YAML anchors bomb and !!python/object": (
        f"{FORMATS}::test_a_bomb_of_anchors_is_refused_unexpanded",
        f"{FORMATS}::test_tags_are_refused",
        f"{DEFINED}::test_yaml_that_expands_executes_or_repeats_is_refused",
    ),
    "two publishers race for the same name@version": (
        "tests/usecases/test_publish.py::test_of_two_who_publish_the_same_version_at_once_one_wins",
    ),
    "the same version with different bytes": (
        "tests/usecases/test_publish.py::test_a_version_is_published_once",
    ),
    "an agent is edited while a run is mid-step": (
        f"{HERE}::test_a_run_that_waits_goes_on_with_the_definition_that_it_began_with",
    ),
    "an agent is deleted that a workflow refers to": (
        "tests/usecases/test_roster.py::test_an_agent_in_use_is_retired_only_on_purpose",
        "tests/usecases/test_roster_casting.py::test_who_is_a_draft_paused_or_retired_is_said_to_be_so",
    ),
    "a definition that widens its own scope or tools": (
        "tests/usecases/test_roster.py::test_maintainers_manage_the_agents_of_their_spaces_only",
        "tests/incidents/test_incidents_by_class.py::test_semantic_kernel_cve_2026_25592_only_what_a_definition_lists_can_be_called",
        f"{APPROVALS}::test_whoever_starts_a_run_may_narrow_it_and_not_widen_it",
    ),
    "permissionMode: bypass": (
        f"{HERE}::test_a_word_that_would_switch_rules_off_switches_none_off",
    ),
}
MODELS = {
    "truncated SSE": (
        "tests/providers/test_failures_over_http.py::test_a_stream_cut_inside_an_event_is_a_connection_failure",
    ),
    "missing [DONE]": (f"{DECODING}::test_a_finish_without_a_last_marker_is_an_end",),
    "interleaved tool-call deltas, duplicate index": (
        f"{DECODING}::test_interleaved_fragments_find_their_calls",
        f"{DECODING}::test_a_new_id_under_a_used_index_is_another_call",
    ),
    "split UTF-8": (f"{DECODING}::test_the_way_a_stream_is_cut_never_changes_the_answer",),
    "tool name unknown, empty, 300 signs, look-alike": (
        f"{HERE}::test_a_tool_of_a_name_that_only_looks_like_one_gets_past_no_rule_of_that_one",
        "tests/incidents/test_incidents_by_class.py::test_semantic_kernel_cve_2026_25592_only_what_a_definition_lists_can_be_called",
        "tests/domain/test_repair.py::test_two_tools_that_differ_in_spelling_only_are_never_taken_for_each_other",
    ),
    "finish_reason length in the middle of arguments": (
        f"{DECODING}::test_a_call_that_the_output_limit_cut_off_has_no_arguments",
        f"{DECODING}::test_calls_before_the_one_that_was_cut_off_are_whole",
    ),
    "usage missing, negative": (
        f"{DECODING}::test_usage_that_is_missing_or_nonsense_is_unknown",
        f"{DECODING}::test_impossible_details_of_usage_are_bounded_by_the_whole",
    ),
    "usage larger than the budget": (
        f"{HERE}::test_an_answer_that_says_it_cost_more_than_there_was_is_recorded_and_the_last_one",
    ),
    "the model returns a planted canary": (
        "tests/vault/test_canaries.py::test_a_run_that_looks_for_secrets_everywhere_finds_none_and_leaves_none",
        "tests/incidents/test_incidents_by_class.py::test_openhands_4288_a_mask_replaces_no_key_and_no_export_holds_one",
    ),
    "the same call for ever, an alternating pair, growing arguments": (
        "tests/runtime/test_loops.py::test_the_same_call_with_the_same_result_is_warned_about_and_then_ends_the_run",
        "tests/runtime/test_loops.py::test_two_calls_by_turns_are_a_loop",
        "tests/runtime/test_loops.py::test_growing_arguments_that_bring_nothing_new_are_a_loop",
    ),
}
TOOLS = {
    "path tricks": (
        "tests/incidents/test_sandbox_incidents.py::test_claude_code_cve_2026_25724_no_spelling_of_a_path_leads_outside",
        "tests/incidents/test_containment_incidents.py::test_mcp_filesystem_cve_2025_53109_no_tool_reaches_a_neighbour_whose_name_begins_alike",
        "tests/sandbox/test_files.py::test_no_read_or_write_escapes_while_a_directory_is_swapped_for_a_link",
    ),
    "str_replace with 0 or 2 matches": (
        f"{REPLACING}::test_what_could_be_several_places_or_none_is_never_changed",
    ),
    "CRLF mix, tabs and spaces, no final newline": (
        f"{FILES}::test_windows_line_ends_are_kept",
        f"{REPLACING}::test_the_one_place_that_can_be_meant_is_found",
        f"{REPLACING}::test_edges_of_the_file_are_found",
    ),
    "identical old and new, empty old, overlapping edits": (
        f"{REPLACING}::test_overlapping_occurrences_and_equal_texts_are_harmless",
        f"{REPLACING}::test_nothing_in_common_is_not_found",
        "tests/tools/test_mutated_edits.py::test_a_later_replacement_sees_the_earlier_one",
    ),
    "a file that changed since it was read": (
        f"{HERE}::test_a_file_that_changed_since_it_was_read_is_not_changed_in_another_place",
    ),
    "5 GB of output": (
        f"{COMMANDS_CONTRACT}::test_endless_output_is_bounded_at_both_ends",
        f"{COMMANDS_CONTRACT}::test_output_without_end_is_cut_off_by_the_timeout",
    ),
    "binary output, ANSI, OSC 52": (
        f"{COMMANDS_CONTRACT}::test_terminal_escapes_and_controls_are_stripped",
        "tests/sandbox/test_output.py::test_hidden_terminal_commands_are_removed",
        f"{FILES}::test_bytes_that_are_no_text_survive_an_edit_and_never_break_json",
    ),
    "invisible or RTL characters that hide a part of what is approved": (
        f"{HERE}::test_a_command_that_hides_a_part_of_itself_is_shown_whole_where_it_is_approved",
        "tests/web/render/test_invisible.py::test_nothing_is_left_out_of_what_people_approve",
    ),
    "fork bomb, memory hog, disk fill, descriptors": (
        f"{COMMANDS}::test_a_swarm_of_processes_is_gone_after_the_timeout",
        f"{COMMANDS}::test_a_memory_hog_fails_alone",
        f"{COMMANDS}::test_open_files_and_file_sizes_are_bounded",
        "tests/faults/test_disk.py::test_a_disk_that_fills_up_under_a_run_stops_it_by_name_and_keeps_what_was_recorded",
    ),
    "hostile .gitattributes, hooks and filters": (
        "tests/incidents/test_sandbox_incidents.py::test_n8n_cve_2026_21877_no_repository_makes_the_host_run_its_code",
        "tests/sandbox/test_clone_and_publish.py::test_filters_submodules_and_lfs_of_a_hostile_repository_run_nothing",
    ),
    "archive with .., with a link, of terabytes": (
        "tests/archive/test_hostile_files.py::test_a_member_of_another_name_makes_the_whole_file_unusable",
        "tests/archive/test_hostile_files.py::test_links_and_devices_are_refused",
        "tests/archive/test_hostile_files.py::test_a_member_that_would_be_of_terabytes_is_refused",
        "tests/sandbox/test_hostile_packs.py::test_packs_that_nobody_should_have_made_are_refused",
    ),
}
PROTOCOLS = {
    "a file of servers that is none": (f"{FIELDS}::test_a_server_is_a_command_or_a_url",),
    "tools of a server, today": (
        "tests/incidents/test_tool_server_incidents.py::test_ox_stdio_an_agent_that_has_servers_has_none_of_their_tools",
    ),
    "wrong issuer, mixed-up servers, audience, replay": (
        "tests/api/test_openid.py::test_whoever_is_not_vouched_for_is_nobody",
        "tests/api/test_openid.py::test_an_answer_counts_once_and_in_the_browser_that_asked",
    ),
    "PKCE": (
        "tests/api/test_openid.py::test_a_person_with_the_verified_address_is_signed_in_and_known_by_their_identity",
    ),
    "open redirect": ("tests/web/test_forms.py::test_the_way_on_never_leaves_the_site",),
    "an address that leads to the metadata service": (
        "tests/web_access/test_egress.py::test_no_spelling_leads_to_where_nobody_may_go",
        "tests/usecases/test_notices.py::test_what_is_no_address_of_the_web_is_refused",
    ),
}
DURABILITY = {
    "SIGKILL at every write boundary": (
        "tests/faults/test_every_crash_point.py::test_dying_at_any_append_changes_nothing",
        "tests/faults/test_every_crash_point.py::test_dying_at_any_effect_changes_nothing",
        "tests/faults/test_soak.py::test_after_kills_at_random_moments_every_ledger_says_the_same",
        "tests/vault/test_killed_rekey.py::test_whenever_a_process_dies_that_changes_the_key_every_value_opens_and_the_change_can_be_made",
    ),
    "WAL truncated or torn": (
        "tests/faults/test_machine.py::test_a_torn_write_ahead_log_loses_no_whole_event",
    ),
    "DB file replaced, torn": (
        f"{DATABASE}::test_a_replaced_database_does_not_pass_for_the_old_one",
        f"{DATABASE}::test_a_torn_file_is_reported_and_not_read_as_empty",
    ),
    "schema newer than the code": (f"{DATABASE}::test_a_database_newer_than_the_code_is_refused",),
    "two workers claim the same step": (
        "tests/conformance/test_workers.py::test_two_workers_that_start_at_once_share_the_work",
        "tests/usecases/test_two_workers.py::test_a_moment_makes_one_task",
    ),
    "a worker commits after it lost its lease": (
        "tests/conformance/test_workers.py::test_a_worker_that_froze_past_its_lease_writes_nothing_twice",
        "tests/stores/test_takeover.py::test_a_process_that_lost_its_run_while_it_stood_still_writes_nothing_more",
    ),
    "resumed twice at once": (f"{HERE}::test_two_that_resume_a_run_at_once_make_its_call_once",),
    "approved twice": (
        f"{BINDING}::test_cursor_cve_2025_54135_an_approval_that_was_used_is_used_up",
        "tests/usecases/test_inbox.py::test_a_right_is_used_once_also_when_both_decide_at_the_same_moment",
    ),
    "approved and rejected at once": (
        f"{APPROVALS}::test_of_an_approval_and_a_rejection_at_once_one_wins",
    ),
    "approved after the time was over": (
        f"{APPROVALS}::test_after_its_deadline_a_gate_takes_no_approval_and_the_run_goes_on_without",
    ),
    "approved after a cancellation": (
        f"{HERE}::test_a_decision_about_a_run_that_was_cancelled_meanwhile_does_nothing",
    ),
    "approved after the agent changed": (
        f"{BINDING}::test_cursor_cve_2025_54136_an_approval_of_one_call_is_none_of_another",
        f"{HERE}::test_a_run_that_waits_goes_on_with_the_definition_that_it_began_with",
    ),
    "forked at an open call": (
        "tests/faults/test_crashes_around_people.py::test_a_fork_in_the_middle_of_a_call_never_makes_that_call",
    ),
}
GOVERNANCE = {
    "approver is the requester, an agent, a service account": (
        f"{APPROVALS}::test_who_started_the_run_strangers_agents_and_services_never_count",
    ),
    "approver was removed meanwhile": (
        f"{HERE}::test_whoever_left_the_organisation_or_the_space_meanwhile_does_not_decide",
    ),
    "role revoked during a stream": (
        f"{HERE}::test_a_stream_ends_quietly_when_its_reader_loses_the_space",
        "tests/api/test_runs.py::test_a_stream_ends_when_the_token_is_revoked",
    ),
    "an agent of a space called from another one": (
        f"{HERE}::test_an_agent_of_one_space_does_not_run_for_another",
        "tests/usecases/test_roster.py::test_agents_of_other_spaces_are_not_there",
        "tests/usecases/test_roster_lookup.py::test_in_a_space_a_name_means_the_agent_that_plays_there",
    ),
    "cron at a gap, an overlap and on February 29": (
        f"{CRON}::test_skipped_times_are_due_at_the_next_moment_and_repeated_ones_once",
        f"{CRON}::test_times_of_day_are_neither_left_out_nor_doubled",
    ),
    "missed moments, overlap policy": (
        "tests/usecases/test_schedules.py::test_all_that_was_missed_becomes_one_task",
        "tests/usecases/test_schedules.py::test_no_new_task_while_the_one_before_goes_on_where_overlap_is_skipped",
    ),
    "webhook replayed": (
        f"{HOOKS}::test_a_message_that_comes_again_makes_no_second_task_and_gets_the_same_answer",
        f"{HOOKS}::test_a_message_that_comes_many_times_at_once_makes_one_task",
    ),
    "timestamp skew": (f"{HOOKS}::test_old_and_future_messages_are_refused",),
    "wrong version of a signature, body re-encoded": (
        f"{HOOKS}::test_only_who_has_the_secret_is_heard",
        f"{HOOKS}::test_a_changed_body_never_fits_its_signature",
    ),
    "two signatures during rotation": (
        f"{HOOKS}::test_one_of_several_signatures_is_enough",
        "tests/usecases/test_notices.py::test_both_secrets_are_valid_for_a_day_after_rotation",
    ),
    "pagination while rows are inserted": (
        "tests/api/test_requests.py::test_what_is_added_while_somebody_turns_pages_repeats_and_hides_nothing",
    ),
    "cursor of somebody else": (
        "tests/api/test_requests.py::test_a_cursor_of_somebody_else_or_of_another_list_is_refused",
    ),
    "audit sink down": (f"{HERE}::test_what_cannot_be_written_into_the_audit_log_is_not_done",),
}
SCREENS = {
    "every content type and verb per route": (
        "tests/api/test_any_request.py::test_any_request_is_answered_as_the_document_says",
        f"{HTTP}::test_n8n_cve_2026_21858_a_body_is_what_its_content_type_says_on_every_route",
    ),
    "oversized headers and bodies": (
        "tests/incidents/test_statement_incidents.py::test_litellm_cve_2026_42208_no_bearer_becomes_part_of_a_statement",
        "tests/api/test_requests.py::test_a_body_is_bounded_also_where_its_length_is_not_announced",
    ),
    "HTML, markdown, SVG and ANSI in threads, names, diffs and file names": (
        f"{MARKDOWN}::test_an_attack_stays_text",
        "tests/web/render/test_invisible.py::test_an_attack_is_text",
        "tests/web/test_templates.py::test_only_one_module_turns_text_into_markup",
        "tests/cli/test_terminal.py::test_what_a_model_says_cannot_act_on_a_terminal",
    ),
    "exfiltration by a markdown image": (
        f"{MARKDOWN}::test_an_image_is_a_link_with_its_text_and_where_it_leads",
        "tests/web/test_pages.py::test_every_page_bears_a_policy_without_exceptions",
    ),
    "back, refresh and double click on Approve": (
        "tests/web/test_pages.py::test_the_same_form_sent_again_is_answered_as_before",
        "tests/usecases/test_inbox.py::test_a_right_is_used_once_whether_by_the_person_or_the_deputy",
    ),
    "a click on what was put under the pointer meanwhile": (
        "tests/usecases/test_inbox.py::test_the_gate_that_was_listed_is_the_gate_that_is_decided",
        "tests/browser/test_deciding.py::test_a_stale_decision_is_refused_and_said",
    ),
}
TRIED = DEFINITIONS | MODELS | TOOLS | PROTOCOLS | DURABILITY | GOVERNANCE | SCREENS


def test_no_item_stands_for_another():
    parts = (DEFINITIONS, MODELS, TOOLS, PROTOCOLS, DURABILITY, GOVERNANCE, SCREENS)
    assert len(TRIED) == sum(map(len, parts))
    assert all(TRIED.values())


@pytest.mark.parametrize("item", TRIED)
def test_the_tests_of_an_input_are_there(item):
    assert missing(TRIED[item]) == []
