"""Training the molecule model: corpus, optimiser, loop and command."""
