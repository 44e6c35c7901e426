"""A firm to try the product on: the generated firm and, beside it, the emulated systems it is projected into."""
