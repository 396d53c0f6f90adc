"""`gateway schema`: the GraphQL schema, printed and compared."""
