"""From result files to tables, figures and one page; pure apart from file access."""
