"""A project: its file, its folders, how it is begun."""
