"""Claims of the paper: what each says, the criterion it must meet, the evidence, and the published numbers."""
