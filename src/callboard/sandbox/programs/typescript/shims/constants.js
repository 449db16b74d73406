// Models by the names that older agents use for them.
exports.models = exports.openrouterModels = {
  openrouter_claude_3_5_haiku: 'anthropic/claude-3.5-haiku', openrouter_claude_opus_4: 'anthropic/claude-opus-4',
  openrouter_claude_sonnet_4: 'anthropic/claude-sonnet-4', openrouter_claude_sonnet_4_5: 'anthropic/claude-sonnet-4.5',
  openrouter_gemini2_5_flash: 'google/gemini-2.5-flash', openrouter_gemini2_5_pro_preview: 'google/gemini-2.5-pro',
  openrouter_gpt4_1_nano: 'openai/gpt-4.1-nano', openrouter_gpt4o: 'openai/gpt-4o', openrouter_gpt4o_mini:
  'openai/gpt-4o-mini', openrouter_gpt5: 'openai/gpt-5', openrouter_gpt5_chat: 'openai/gpt-5-chat',
  openrouter_grok_4: 'x-ai/grok-4',
}
exports.DEFAULT_ORG_PREFIX = 'codebuff/'
exports.publisher = 'codebuff'
