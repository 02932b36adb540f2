"""What the platforms ask for: researched facts as data, each row with its sources."""
