"""OAuth clients: how they are registered, and how they prove themselves."""
