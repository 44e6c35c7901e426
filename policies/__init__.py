"""Whether it may be: pure decisions. Facts in, a decision out; no input, no output, no clock but the one given."""
