"""Who asks? The front door: settings, tokens, the ASGI application, pages and the command line."""
