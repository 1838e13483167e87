"""The lab: the data plane that AWS would be, over moto's control plane, on loopback."""
