"""The night by itself: asked for every hour by a systemd timer, else by a crontab entry, and done once a day."""
