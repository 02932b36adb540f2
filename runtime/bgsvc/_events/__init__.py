"""How an event gets from a service to its listeners."""
