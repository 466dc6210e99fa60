"""What a league is made of: measured results, the papers' figures, other works' figures."""
