package etcd

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestNodeHasEtcdsJSON(t *testing.T) {
	end := time.Date(2100, 1, 1, 0, 0, 0, 500, time.UTC)
	dir := &Node{Key: "/d", Dir: true, ModifiedIndex: 3, CreatedIndex: 3, Nodes: []*Node{
		{Key: "/d/k", Value: "v", TTL: 9 * time.Second, Expiration: end, ModifiedIndex: 5, CreatedIndex: 4},
		{Key: "/d/empty", ModifiedIndex: 6, CreatedIndex: 6},
	}}
	want := `{"key":"/d","dir":true,"nodes":[` +
		`{"key":"/d/k","value":"v","ttl":9,"expiration":"2100-01-01T00:00:00.0000005Z","modifiedIndex":5,"createdIndex":4},` +
		`{"key":"/d/empty","value":"","modifiedIndex":6,"createdIndex":6}],"modifiedIndex":3,"createdIndex":3}`
	text, err := json.Marshal(dir)
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	var again Node
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(&again, dir) {
		t.Errorf("read again as %+v, %v", again, err)
	}
}
