"""Floor 4: what may be asked, and for which purposes."""
