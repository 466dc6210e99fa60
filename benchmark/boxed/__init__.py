"""A method's code in a box: what steps and commands ask it, and what is believed of its answers."""
