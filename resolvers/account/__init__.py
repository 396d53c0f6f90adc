"""Commands on the customer's account: passwords, factors, sessions, e-mail address, apps."""
