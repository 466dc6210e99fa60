"""Installing the locked packages before there are any: needs only Python's own modules."""
