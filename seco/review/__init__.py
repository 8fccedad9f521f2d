"""The review queue: which masks an annotator corrects first, by what the network itself disagrees about."""
