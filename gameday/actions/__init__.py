"""What experiments do to the system under test. Every action has its undo beside it."""
