"""The privacy notice, the record of processing activities (GDPR Art. 30), and their exports."""
