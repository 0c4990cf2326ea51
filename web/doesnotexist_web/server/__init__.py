"""The server around the application: what it reads, whom it lets in, in which turn, and how it ends."""
