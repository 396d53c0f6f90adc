"""Payment methods, cards stored by consent, and payments."""
