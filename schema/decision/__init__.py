"""What an operation may read for its purpose, decided before execution."""
