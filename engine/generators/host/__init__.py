"""Generator hosts: in this process or in a watched worker; background tasks."""
