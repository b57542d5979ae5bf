"""Networks of several replicas: forward pass, losses, random numbers, weight decay."""
