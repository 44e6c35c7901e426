"""How every source is called: one deadline, capped answers, no redirects, one login for all, failures with a kind."""
