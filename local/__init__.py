"""The embedded AWS: moto's server, extended from outside until the synthesised templates really run in it."""
