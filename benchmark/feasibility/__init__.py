"""Feasibility: whether pools can serve what a track asks for, before anything is trained."""
