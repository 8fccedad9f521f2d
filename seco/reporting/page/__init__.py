"""The page of a report: one HTML file that holds its style, its charts and its pictures and needs nothing else."""
