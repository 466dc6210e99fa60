"""The benchmark: tracks, submissions, results, workflow and command line."""
