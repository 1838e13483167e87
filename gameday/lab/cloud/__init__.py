"""The AWS endpoint: moto keeps the control plane's state, this package gives it consequences."""
