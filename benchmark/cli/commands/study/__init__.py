"""Commands about a whole study: what it will cost."""
