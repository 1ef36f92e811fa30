"""What leaves the program: written down with what caused it, done by the worker."""
