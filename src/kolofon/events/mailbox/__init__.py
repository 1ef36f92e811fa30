"""The page that shows the messages of a development installation, where nothing is sent."""
