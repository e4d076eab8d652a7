"""What comes next: experts and their mixture."""
