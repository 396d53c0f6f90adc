"""The schema built, and the API from a request to an answer."""
