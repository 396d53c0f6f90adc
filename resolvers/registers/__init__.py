"""What operators register: payment affiliates, partners, staff and their keys."""
