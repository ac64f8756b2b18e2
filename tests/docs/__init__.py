"""Every command and every block of the documentation, performed."""
