"""Models that pydantic-ai reaches and we do not; needs the extra `callboard[pydantic-ai]`."""
