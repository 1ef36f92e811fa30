"""The pages a browser sees: plain HTML that works without script."""
