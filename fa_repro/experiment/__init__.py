"""Experiments: from a request to a plan and to results; checking results against claims; reproducing them."""
