"""What every chapter stands on: HTTP, errors, database, clock, limits, audit, telemetry. It knows no chapter."""
