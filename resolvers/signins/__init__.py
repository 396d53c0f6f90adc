"""Records of sign-ins: place, device, and whether they are unusual."""
