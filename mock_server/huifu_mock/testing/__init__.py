"""What the pytest plugin is made of. Nothing here is imported before a test asks for it."""
