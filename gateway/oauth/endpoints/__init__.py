"""The endpoints of the authorization server, and what they share."""
