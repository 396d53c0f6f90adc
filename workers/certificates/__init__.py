"""What is signed of an erasure."""
