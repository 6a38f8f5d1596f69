"""Netflix's Eureka as the service discovery of an account."""
