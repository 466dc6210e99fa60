"""A dataset of your own: its card, and the query patch and budget that the guideline gives it."""
