"""Who may read what: one SQL statement for the facts, pure rules for the decision."""
