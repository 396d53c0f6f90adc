"""The sign-in pages, and the signed-in customer of a browser."""

from gateway.signin.frame.current import Current, SignedInCustomer

__all__ = ["Current", "SignedInCustomer"]
