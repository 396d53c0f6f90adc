"""The built schema, its root types, and the API that executes requests."""
