"""The oracle: who labels the patches that are queried, the pool's label maps or a person."""
