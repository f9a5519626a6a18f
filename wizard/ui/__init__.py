"""Everything a person sees: prompts (questionary), reports (rich), the tool's own words."""
