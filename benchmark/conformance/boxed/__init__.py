"""What the boxes of the checks run, and what they have written."""
