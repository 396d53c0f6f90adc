"""Recipients of erased data told, and their answers."""
