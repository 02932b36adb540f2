"""What the author of a service sees: the base class, its context, its notifier."""
