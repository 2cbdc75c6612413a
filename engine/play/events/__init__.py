"""Events from outside: what is accepted, what it may cost, whom it is for, what is said of it."""
