"""The public board as a folder: its entries are added, listed, verified and withdrawn."""
