"""The sources of fields: one class a kind, with all that it does."""
