"""Tracks that take each other's queries: found from track files and from runs folders."""
