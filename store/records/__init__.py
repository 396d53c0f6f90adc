"""Declarations of the tables (owner, export, erasure, retention), holdings, legal holds, and registrations."""
