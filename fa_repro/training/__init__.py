"""Training: runs and their settings, the training loop, and what is measured meanwhile."""
