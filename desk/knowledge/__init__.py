"""What answers are taken from: articles and resolved tickets, their vectors, and the search over them."""
