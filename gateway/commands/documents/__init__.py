"""`gateway documents`: the trusted documents of clients."""
