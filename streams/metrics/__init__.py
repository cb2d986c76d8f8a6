"""Every metric declared once, and the collectors that read the tables."""
