"""Registrants of domains, who are data subjects too (R52)."""
