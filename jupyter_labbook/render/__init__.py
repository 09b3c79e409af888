"""How things look: text for terminals and static HTML, with every user text made harmless."""
