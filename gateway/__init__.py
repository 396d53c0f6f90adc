"""The front door: settings, access tokens, the ASGI application, pages and the command line."""
