"""A query: what a method may see, and how predictions become patches."""
