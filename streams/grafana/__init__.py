"""What Grafana is given: the dashboards, and annotations for notices and polling hours."""
