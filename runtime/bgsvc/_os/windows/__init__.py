"""Windows: services of its service control manager, and tasks of its Task Scheduler."""
