"""What operators register: payment affiliates, partners, recipients, staff, webhooks."""
