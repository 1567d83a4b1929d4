package etcd

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestNewNodeTranslatesTheWire(t *testing.T) {
	tests := []struct {
		name, wire string
		want       *Node
	}{
		{
			"file", `{"key":"/a","value":"v","modifiedIndex":9,"createdIndex":8}`,
			&Node{Key: "/a", Value: "v", ModifiedIndex: 9, CreatedIndex: 8},
		},
		{"empty value", `{"key":"/a","value":"","modifiedIndex":9,"createdIndex":9}`, &Node{Key: "/a", ModifiedIndex: 9, CreatedIndex: 9}},
		{"deleted, without a value", `{"key":"/a","modifiedIndex":9,"createdIndex":8}`, &Node{Key: "/a", ModifiedIndex: 9, CreatedIndex: 8}},
		{"root", `{"dir":true}`, &Node{Key: "/", Dir: true}},
		{"root of etcd 0.4", `{"key":"/","dir":true}`, &Node{Key: "/", Dir: true}},
		{"empty list", `{"key":"/d","dir":true,"nodes":[]}`, &Node{Key: "/d", Dir: true}},
		{
			"children", `{"dir":true,"nodes":[{"key":"/d","dir":true,"nodes":[{"key":"/d/f","value":"1"}]},{"key":"/e"}]}`,
			&Node{Key: "/", Dir: true, Nodes: []*Node{
				{Key: "/d", Dir: true, Nodes: []*Node{{Key: "/d/f", Value: "1"}}}, {Key: "/e"},
			}},
		},
		{
			"time to live", `{"key":"/a","expiration":"2026-11-22T08:55:53.329658113Z","ttl":60}`,
			&Node{Key: "/a", TTL: time.Minute, Expiration: time.Date(2026, 11, 22, 8, 55, 53, 329658113, time.UTC)},
		},
		{
			"expired, not swept: no ttl", `{"key":"/a","expiration":"2026-11-22T08:55:53Z"}`,
			&Node{Key: "/a", Expiration: time.Date(2026, 11, 22, 8, 55, 53, 0, time.UTC)},
		},
		{"empty expiration", `{"key":"/a","expiration":"","value":"v"}`, &Node{Key: "/a", Value: "v"}},
		{"no expiration", `{"key":"/a","expiration":null,"value":"v"}`, &Node{Key: "/a", Value: "v"}},
		{"negative ttl", `{"key":"/a","ttl":-1}`, &Node{Key: "/a", TTL: -time.Second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var wire lenientNode
			if err := json.Unmarshal([]byte(test.wire), &wire); err != nil {
				t.Fatal(err)
			}
			check(t, "node", newNode(&wire), test.want)
		})
	}
	if newNode(nil) != nil {
		t.Error("a missing node has become one")
	}
}

// Etcd 0.x sends its own zone's time; the moment must be the same.
func TestExpirationWithZoneIsTheSameMoment(t *testing.T) {
	var wire lenientNode
	if err := json.Unmarshal([]byte(`{"key":"/a","expiration":"2026-11-22T17:53:55.5+09:00"}`), &wire); err != nil {
		t.Fatal(err)
	}
	if got, want := newNode(&wire).Expiration, time.Date(2026, 11, 22, 8, 53, 55, 5e8, time.UTC); !got.Equal(want) {
		t.Errorf("expiration %v, want %v", got, want)
	}
}

func TestTTLThatNoDurationHoldsIsHeldAtItsEnds(t *testing.T) {
	most := math.MaxInt64 / int64(time.Second)
	tests := []struct {
		wire int64
		want time.Duration
	}{
		{0, 0},
		{1, time.Second},
		{-8446744073, -8446744073 * time.Second},
		{most, time.Duration(most) * time.Second},
		{most + 1, time.Duration(most) * time.Second},
		{math.MaxInt64, time.Duration(most) * time.Second},
		{-most - 1, -time.Duration(most) * time.Second},
		{math.MinInt64, -time.Duration(most) * time.Second},
	}
	for _, test := range tests {
		if got := seconds(test.wire); got != test.want {
			t.Errorf("seconds(%d) = %d, want %d", test.wire, got, test.want)
		}
	}
}
