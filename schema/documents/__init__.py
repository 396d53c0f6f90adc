"""GraphQL documents: parsing, limits, validation and the cache."""
