"""Basic modules of the schema: errors, scalars, sources of fields."""
