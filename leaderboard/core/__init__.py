"""The published study simulated: which average ranks it, and which part predicts its ranking."""
