"""Pure functions over lists: references and hypotheses in, scores out. Rates are in percent."""
