"""The reference of what authors of query methods import, made from its docstrings."""
