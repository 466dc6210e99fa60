"""Queries taken from another track's runs: whether they are there, and the step that copies one."""
