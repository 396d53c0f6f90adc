"""The sign-in pages, one module each."""
