"""Article: what one article costs the logged-in reader."""
