"""The nouns that every job kind shares: plain pydantic models, checked before anything exists."""
