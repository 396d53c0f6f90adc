"""HTTP itself: the server, its limits, middleware, bodies and negotiation."""
