"""One-time codes: six digits by mail or SMS that show whose a credential is."""
