"""The report on what is reproduced: one HTML page, or Markdown, from saved results alone."""
