"""The report on which claims are reproduced: an HTML page, or Markdown, from saved results alone."""
