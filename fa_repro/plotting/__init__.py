"""Plotting: style, learning curves, heat maps, labels, and the rendering of a figure to a file."""
