"""What API Gateway is in one Region: hosts, routes, proxy events and gateway responses."""
