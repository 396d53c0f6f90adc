"""The words in which the schema is written: directives, fields, records, connections."""
