"""What the firm's words mean: types, scalars, owners, links, facets, problems."""
