"""The steps of a loop: each reads files and writes files, and has no other effect."""
