"""What objectives are composed of: a part a file. Which method has which parts stands in `seco.training.methods`."""
