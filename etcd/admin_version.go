package etcd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// Version is the version of a member and of its cluster.
type Version struct {
	Server  string // the version of the member that answered, such as "2.3.8"
	Cluster string // what all members can do, such as "2.3.0"; empty before etcd 2.1, and until it is decided
}

// Version returns the version of a member and of the cluster.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var version Version
	call := newVersionCall(func(v Version) { version = v })
	// What does not even have this path is not etcd, and no etcd that lacks something.
	result := c.cluster.Do(ctx, &call.Call)
	for i := range result.Attempts {
		result.Attempts[i].Missing = false
	}
	return version, c.errorOf(ctx, &call.Call, &result)
}

// versionOf returns the version that m runs; empty if it does not tell. It asks once.
func (c *Client) versionOf(ctx context.Context, m *cluster.Member) string {
	if _, known := m.Version(); !known {
		c.cluster.Ask(ctx, m, questions{}.Version(m), versionTimeout)
	}
	version, _ := m.Version()
	return version
}

// askVersion asks m for the version that it runs now; empty if it does not tell.
func (c *Client) askVersion(ctx context.Context, m *cluster.Member) string {
	var told Version
	call := newVersionCall(func(version Version) { told = version })
	if c.cluster.Ask(ctx, m, &call.Call, versionTimeout).Err != nil {
		return ""
	}
	return told.Server
}

// newVersionCall returns a call that passes what a member tells to learned.
func newVersionCall(learned func(Version)) *textCall {
	call := newTextCall(gen.NewGetVersionRequest(), wanted{decode: func(text []byte) bool {
		version, ok := decodeVersion(text)
		if ok {
			learned(version)
		}
		return ok
	}, not: "not a version"})
	call.Read = true
	return call
}

// decodeVersion returns the versions that the text tells, and whether it does.
func decodeVersion(text []byte) (version Version, ok bool) {
	// Up to etcd 2.0 the reply is text: "etcd 2.0.13".
	if server, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "etcd "); ok {
		return Version{Server: server}, true
	}
	var wire struct {
		gen.Version
		Release string `json:"releaseVersion"` // etcd 2.0.0
	}
	err := json.Unmarshal(text, &wire)
	wire.Server = cmp.Or(wire.Server, wire.Release)
	if err != nil || wire.Server == "" {
		return Version{}, false
	}
	if wire.Cluster == "not_decided" {
		wire.Cluster = ""
	}
	return Version{Server: wire.Server, Cluster: wire.Cluster}, true
}

// atLeast reports whether version, such as "2.3.8" or "3.5.0-rc.1", is major.minor.patch or later. A text
// that is not a version is older than all.
func atLeast(version string, major, minor, patch int) bool {
	var have [3]int
	if n, _ := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2]); n < 3 {
		return false
	}
	return slices.Compare(have[:], []int{major, minor, patch}) >= 0
}
