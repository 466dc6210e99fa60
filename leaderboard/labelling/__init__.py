"""How long labelling takes: what was drawn and looked at, by rates in a file."""
