"""Pictures that are drawn: the pattern of an event, and the poster shown where its link is shared. Pure."""
