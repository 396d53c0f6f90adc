"""How a report looks: terminal, JSON, Markdown, CSV, HTML and SARIF."""
