"""The one way in for requests for erasure and for a copy, whoever brings them."""
