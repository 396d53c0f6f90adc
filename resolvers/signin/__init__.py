"""Sign-in: password, second factor, sessions, and limits of attempts."""
