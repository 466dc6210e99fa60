"""What a method's process answers, and what the harness believes of it."""
