"""Audits of the schema's text: facts, lint, and diff of two versions."""
