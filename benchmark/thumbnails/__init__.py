"""Small pictures of what a method queried, for its card on the board."""
