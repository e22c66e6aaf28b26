package ledger

// ShardAt bounds the entries of one stored object of a manifest.
func (l *Ledger) ShardAt(entries int) { l.shard = entries }

// Expects says which version a conditional put wants to find.
func (c Condition) Expects() (version string, conditional bool) { return c.version, c.set }

// CheckKey is the rule that every store has for keys.
func CheckKey(key string) error { return checkKey(key) }
