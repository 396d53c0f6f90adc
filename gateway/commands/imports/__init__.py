"""`gateway customers import` and `gateway imports`: files of customers, and what became of their import."""
