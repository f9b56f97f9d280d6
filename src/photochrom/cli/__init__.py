"""The command line: each command is parse → one library call → reply. `main.py` lists them."""
