"""The outer workflow: Snakemake submits shards to a scheduler, and this package sees it through."""
