"""What synthesis costs, whole process against whole process."""
