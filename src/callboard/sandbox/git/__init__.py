"""Git on our side of the confinement: private repositories, never the workspace's own configuration."""
