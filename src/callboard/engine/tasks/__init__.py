"""What happens next in a workflow run: the order of steps, who does them, what proves them."""
