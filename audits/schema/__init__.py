"""The schema as a text: its facts, its lint, and how two versions differ."""
