"""What people see: HTML, and what stands on it."""
