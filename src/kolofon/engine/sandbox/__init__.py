"""Partners to try things with, whose time can be moved ahead."""
