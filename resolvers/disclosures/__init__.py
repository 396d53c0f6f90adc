"""Data that leaves for others: partners, registries, authorities (R23)."""
