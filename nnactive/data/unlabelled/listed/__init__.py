"""Which images a folder holds: its files, the ids and channels in their names, a table of them."""
