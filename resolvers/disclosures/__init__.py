"""Records of disclosures to partners, registries and authorities (R23)."""
