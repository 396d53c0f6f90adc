"""The sign-in of staff to /audit."""
