"""What the files of a project define: names of functions, classes and the like, by language."""
