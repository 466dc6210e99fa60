"""Profiles: which cluster, and how; those that are shipped, and the questions that make one."""
