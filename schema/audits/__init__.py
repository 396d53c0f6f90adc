"""The audit reports over GraphQL."""
