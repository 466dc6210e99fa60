"""Who is compared in a table, who is best, and which differences are significant."""
