"""The purpose directives as a specification: the names that a schema may give them."""
