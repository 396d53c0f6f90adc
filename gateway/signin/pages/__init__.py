"""The sign-in pages, one file each."""
