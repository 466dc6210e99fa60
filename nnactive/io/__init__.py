"""Read and write files: atomically, against a schema, with readable errors."""
