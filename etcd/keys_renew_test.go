package etcd

import (
	"testing"
	"time"
)

// Only what gives a key that exists a new TTL renews it. Other writes with a TTL may make a key that is to be renewed.
func TestWhichWritesRenew(t *testing.T) {
	ttl, yes, no := time.Minute, true, false
	for name, test := range map[string]struct {
		write write
		want  intent
	}{
		"set":                          {write{ttl: &ttl}, toLease},
		"create":                       {write{ttl: &ttl, prevExist: &no}, toLease},
		"update":                       {write{ttl: &ttl, prevExist: &yes}, toRenew},
		"compare-and-swap":             {write{ttl: &ttl, prev: &Prev{Index: 3}}, toRenew},
		"refresh":                      {write{ttl: &ttl, prevExist: &yes, refresh: true}, toRenew},
		"compare-and-swap without TTL": {write{prev: &Prev{Index: 3}}, toWrite},
		"update of the value, no TTL":  {write{prevExist: &yes}, toWrite},
	} {
		check(t, name, test.write.intent(), test.want)
	}
}
