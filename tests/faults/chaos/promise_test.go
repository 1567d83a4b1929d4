package chaos_test

import "github.com/etcdv2/client/etcd"

// promised returns the options, of a verb's own type, of a write whose value nobody else writes.
func promised[Option any](unique bool) []Option {
	if !unique {
		return nil
	}
	return []Option{any(etcd.WithUniqueValue()).(Option)}
}
