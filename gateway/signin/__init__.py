"""Sign-in: the pages where customers prove who they are, and who a browser belongs to."""

from gateway.signin.frame.current import Current, SignedInCustomer

__all__ = ["Current", "SignedInCustomer"]
