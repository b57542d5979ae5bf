"""Training: runs and their settings, the training loop, and measurements during training."""
