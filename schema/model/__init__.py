"""The model of the built schema, and the lint that it must pass to load."""
