"""The audits over GraphQL."""
