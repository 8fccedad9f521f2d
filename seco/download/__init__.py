"""`seco download`: the official archives of public data sets, downloaded, checked and unpacked."""
