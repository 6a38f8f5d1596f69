"""The four acts in a real sandbox account, compared with the same on the embedded AWS: `make smoke`."""
