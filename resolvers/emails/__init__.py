"""E-mails to customers and registrants, and their rate limits."""
