"""From result files to tables, figures and one page; pure functions but for reading and writing."""
