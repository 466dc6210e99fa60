"""A track as a whole, by its journals: where it is, and steering it."""
