"""The report of a finished project: when to stop, what was labelled, what can't be told."""
