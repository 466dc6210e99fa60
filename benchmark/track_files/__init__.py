"""Track files: what they may say, cycles among them, and the guideline's for an own dataset."""
