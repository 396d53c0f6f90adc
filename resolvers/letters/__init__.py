"""E-mails to customers and registrants, and how many may be asked for."""
