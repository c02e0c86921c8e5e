"""`python -m socterm` is `socterm`."""

from socterm.cli import main

main()
