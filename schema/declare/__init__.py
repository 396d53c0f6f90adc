"""The declarations that the schema is written with: directives, fields, records, connections."""
