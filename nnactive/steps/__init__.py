"""The steps of a loop: files in, files out, nothing else."""
