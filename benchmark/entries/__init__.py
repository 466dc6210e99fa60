"""The methods that a runs folder holds: what they have, and how to remove one."""
