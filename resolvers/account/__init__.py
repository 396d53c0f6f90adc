"""How customers change the way they sign in: passwords, factors, sessions, e-mail address, apps."""
