"""SQLAlchemy and the drivers: engines, reading, transactions, errors."""
