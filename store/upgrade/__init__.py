"""A store brought to this release: rows re-indexed, values rewritten."""
