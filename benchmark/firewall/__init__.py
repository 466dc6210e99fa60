"""A method's code in a process that can't see the labels: no file, no network, no other process."""
