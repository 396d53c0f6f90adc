"""The finished schema as the engine reads it, and the lint that it must pass to load."""
