"""The screens: pages made on the server, that work without a script and are live with one."""
