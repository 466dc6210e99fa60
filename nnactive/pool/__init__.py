"""The pool as a query method sees it, and what stands behind it."""
