"""Encryption: data keys, root key, system keys, blind indexes, encrypted ids and cursors."""
