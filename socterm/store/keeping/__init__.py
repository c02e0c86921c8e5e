"""How long things are kept: events and evidence go by age and size, and the room they took comes back."""
