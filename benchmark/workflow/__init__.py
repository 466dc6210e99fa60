"""The workflow: Snakemake runs the steps, and one module starts it."""
