"""Records as people write them, read into plain values with every doubt named. Nothing here touches a database."""
