"""Floor 3: batched reads and commands, one room a capability; independent of GraphQL types and HTTP."""
