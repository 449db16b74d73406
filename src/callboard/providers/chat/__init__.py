"""OpenAI chat completions, as spoken by OpenRouter, OpenAI and self-hosted servers."""
