"""Services subscribed to and ended."""
