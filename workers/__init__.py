"""Floor 3, when? What must happen by itself: each worker leases what is due, does it, and can be killed anywhere."""
