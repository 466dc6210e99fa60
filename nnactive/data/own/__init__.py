"""Your own dataset: its card, and query patch and budget by the papers' guideline."""
