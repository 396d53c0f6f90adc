"""Decides, before execution, which fields an operation may read for its purpose."""
