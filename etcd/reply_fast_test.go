package etcd

import (
	"errors"
	"strings"
	"testing"

	"github.com/etcdv2/client/internal/cluster"
)

// nested returns an event with so many directories, each in the one before it, and a file in the last.
func nested(directories int) string {
	open, end := strings.Repeat(`{"dir":true,"nodes":[`, directories), strings.Repeat(`]}`, directories)
	return `{"action":"get","node":` + open + `{"key":"/k","value":"v"}` + end + "}"
}

// A text can be nested without end, to make its reader run out of stack. Both decoders stop long before.
func TestDepthOfATextIsBounded(t *testing.T) {
	for directories, want := range map[int]struct{ fast, decoded bool }{
		1: {true, true}, 1000: {true, true}, 1001: {false, true},
		4999: {false, true}, 5000: {false, false}, // encoding/json reads no more than 10,000 objects and lists in each other
		100_000: {false, false},
	} {
		body := nested(directories)
		check(t, "decoded by fastDecoder", decodeFast([]byte(body)) != nil, want.fast)
		resp, _ := wireReply(t, "GET", success+"\n"+body)
		got, err := decodeEvent(cluster.Reply{Response: resp}, []byte(body))
		if !want.decoded {
			var refused *Error
			check(t, "is an *Error", errors.As(err, &refused), true)
			continue
		}
		if err != nil {
			t.Fatalf("%d directories: %v", directories, err)
		}
		slowly, err := decodeEvent(cluster.Reply{Response: resp}, []byte(body+" ")) // which fastDecoder does not take
		check(t, "error", err, error(nil))
		check(t, "decoded by encoding/json", got, slowly)
	}
}
