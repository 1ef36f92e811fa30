"""ProductDependency: discounts for who subscribes to something else."""
