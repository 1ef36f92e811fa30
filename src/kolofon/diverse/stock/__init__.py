"""Stock: how many there are of what is kept in a warehouse."""
