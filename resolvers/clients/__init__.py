"""Clients of the API: registered, judged again whenever they are read, and their secrets."""
