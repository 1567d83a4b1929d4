package etcd

import (
	"testing"
	"time"
)

// Only what gives a key that exists a new TTL renews it.
func TestWhichWritesRenew(t *testing.T) {
	ttl, yes, no := time.Minute, true, false
	for name, test := range map[string]struct {
		write write
		want  bool
	}{
		"set":                          {write{ttl: &ttl}, false},
		"create":                       {write{ttl: &ttl, prevExist: &no}, false},
		"update":                       {write{ttl: &ttl, prevExist: &yes}, true},
		"compare-and-swap":             {write{ttl: &ttl, prev: &Prev{Index: 3}}, true},
		"refresh":                      {write{ttl: &ttl, prevExist: &yes, refresh: true}, true},
		"compare-and-swap without TTL": {write{prev: &Prev{Index: 3}}, false},
		"update of the value, no TTL":  {write{prevExist: &yes}, false},
	} {
		check(t, name, test.write.renews(), test.want)
	}
}
