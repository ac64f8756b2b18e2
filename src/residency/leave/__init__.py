"""Time away: absences, requests and who is granted what, recall, coming back, moonlighting's neighbours."""
