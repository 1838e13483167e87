"""What experiments ask of the system under test."""
