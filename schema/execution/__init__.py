"""Plans, compiles and executes operations."""
