"""Experiments: a request, its plan, its results; results checked against the claims, or made again and compared."""
