"""The trainer: a projected discriminator and a small generator, for small data and small machines."""
