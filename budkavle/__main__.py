"""`python -m budkavle` is the command `budkavle`."""

from budkavle.cli.main import main

main()
