"""Contents of a benchmark image, and the scripts that build it."""
