"""Claims of the paper: statements, criteria, the evidence for them, and the published numbers."""
