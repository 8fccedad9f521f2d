"""The page of a report: one HTML file that holds its style, its charts and its pictures and asks nobody for anything."""
