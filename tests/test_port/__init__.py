"""Names and behaviour that a project written for MMSegmentation relies on."""
