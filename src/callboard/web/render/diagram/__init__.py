"""A workflow as a drawing: steps from left to right, what follows what, and where rejected work goes back to."""
