"""Contracts: the part of the schema that one purpose or client can use, printed for code generators."""
