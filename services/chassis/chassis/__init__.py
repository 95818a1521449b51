"""What every service stands on. No business word lives here, and nothing here imports a service."""
