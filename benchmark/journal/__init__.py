"""What has happened to a track's jobs: the journal that they append to, and what it adds up to."""
