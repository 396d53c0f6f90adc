"""The store as a whole: opened, migrated, checked."""
