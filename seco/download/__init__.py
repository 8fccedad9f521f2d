"""The official archives of public data sets: found in a table, downloaded, checked and unpacked."""
