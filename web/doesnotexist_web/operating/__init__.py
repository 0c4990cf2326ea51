"""What operators look at and set: health, figures, logs, limits."""
