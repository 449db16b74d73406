"""Who serves a model."""

from callboard.domain.credential import provider_named


def served_by(provider: str | None, model: str) -> str:
    """Return the provider that a model goes to: the one that is named, else what the model's name says."""
    if provider is not None:
        return provider_named(provider)
    return "scripted" if model.startswith("scripted/") else "openrouter"
