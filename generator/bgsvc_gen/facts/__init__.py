"""Platform requirements as data: researched facts, each row with its sources."""
