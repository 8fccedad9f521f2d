"""What people look at: progress lines, tables, figures and the report."""
