"""What people type, validated field by field."""
