"""The output forms of a report: terminal, JSON, Markdown, CSV, HTML and SARIF."""
