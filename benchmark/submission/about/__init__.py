"""What a submission says about itself, for the public board."""
