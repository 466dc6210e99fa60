"""What is odd about labels that may be right all the same."""
