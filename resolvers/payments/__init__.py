"""Ways to pay, cards kept by consent, payments."""
