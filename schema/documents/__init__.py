"""GraphQL documents: parsed, measured, validated and remembered."""
