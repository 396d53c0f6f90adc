"""The privacy notice and the record of processing activities (GDPR Art. 30), and their releases."""
