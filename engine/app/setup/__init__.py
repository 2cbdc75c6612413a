"""Installing, diagnosing."""
