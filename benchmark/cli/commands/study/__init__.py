"""Commands that follow and steer a run of a track: a study, on one machine or a cluster."""
