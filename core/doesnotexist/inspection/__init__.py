"""Inspection: what a file says of itself, and what of that can be shown to be true.

report      what was found, and the verdict on all of it
verdicts    what is looked at, in which order, and what follows
reading     questions to the process that reads the file
child       that process
comparing   whether two files show the same

Nothing is imported here: the process must be there soon, and needs little.
"""
