"""From masks of class ids to the files that other tools load: one format a module, a row of `FORMATS` each."""
