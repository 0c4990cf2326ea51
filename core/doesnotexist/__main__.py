"""`python -m doesnotexist`."""

from .cli import main

main()
