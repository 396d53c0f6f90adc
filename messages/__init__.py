"""What people read, in their language: messages, one catalogue a language, negotiation, dates, templates."""
