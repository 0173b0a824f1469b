"""One file a format: bytes in, records out, rejects with a reason.

A craft `pipeline.corpora.<kind>` has
- `Config`: its options, on top of `splits.Shared`;
- `schema(config)`: the columns of its manifests;
- `read(config, raw, corpus)`: an iterator of `splits.Found` and `records.Reject`, in bounded memory;
- `key(config, record)`: the texts that make two records duplicates of each other, without ids and times;
- `TEST_ALONE = True`, where none of its records is to be trained on.
A file that cannot be read raises Problem with file, line, reason and remedy; a bad record becomes a Reject.
"""
