// Tool calls written as text, as models without native ones write them.
const ENDING = new Set([
  'add_message', 'ask_user', 'browser_logs', 'code_search', 'end_turn', 'find_files', 'list_directory', 'read_docs',
  'read_files', 'read_subtree', 'read_url', 'run_file_change_hooks', 'run_terminal_command', 'set_messages', 'skill',
  'spawn_agent_inline', 'spawn_agents', 'task_completed', 'web_search',
])
const [start, end] = ['<codebuff_tool_call>\n', '\n</codebuff_tool_call>']
exports.startToolTag = start
exports.endToolTag = end
exports.toolNameParam = 'cb_tool_name'
exports.endsAgentStepParam = 'cb_easp'
exports.toolXmlName = 'codebuff_tool_call'
exports.getToolCallString = (name, input, ends = false) => {
  const call = { cb_tool_name: name, ...input, ...(ends || ENDING.has(name) ? { cb_easp: true } : {}) }
  return start + JSON.stringify(call, null, 2) + end
}
