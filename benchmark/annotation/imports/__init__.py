"""What a person saved: read, checked, kept."""
