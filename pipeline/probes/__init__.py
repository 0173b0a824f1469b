"""One file a question put to trained systems: the sentences of a test set in, how the answers behave out.

A craft `pipeline.probes.<kind>` has
- `Config`: its options;
- `ask(config, records, field)`: for each record the texts that the system is given, by a name for each; `field` is the
  field of the corpus that the system reads;
- `findings(config, records, asked, answers)`: what the answers show, a dict a record that JSON can hold;
- `metric(config)`: the scores of the findings, which are the hypotheses of its `Output`;
- `trivial(config, finding)`: the finding that a system which has learnt nothing would give rise to, or None.
"""
