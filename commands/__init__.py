"""What happens: one file a command, and the machinery that makes it durable."""
