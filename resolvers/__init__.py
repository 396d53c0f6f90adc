"""Floor 3: how what may be asked is answered."""
