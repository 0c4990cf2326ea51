"""This chemical does not exist: molecules from a small SMILES language model, drawn with RDKit."""
