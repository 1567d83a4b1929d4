package etcd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/etcdv2/client/gen"
)

// Version tells what the servers are.
type Version struct {
	Server  string // the version of the member that answered, such as "2.3.8"
	Cluster string // what all members can do, such as "2.3.0"; empty before etcd 2.1, and until it is decided
}

// versionPath is where servers tell their version.
const versionPath = "/version"

// Version returns the version of a member and of the cluster.
func (c *Client) Version(ctx context.Context) (Version, error) {
	return decodeVersion(c.gen.GetVersion(ctx))
}

func decodeVersion(resp *http.Response, err error) (Version, error) {
	body, err := readBody(resp, err)
	if err != nil {
		return Version{}, err
	}
	// Up to etcd 2.0 the reply is text: "etcd 2.0.13".
	if server, ok := strings.CutPrefix(strings.TrimSpace(string(body)), "etcd "); ok {
		return Version{Server: server}, nil
	}
	var wire struct {
		gen.Version
		Release string `json:"releaseVersion"` // etcd 2.0.0
	}
	err = json.Unmarshal(body, &wire)
	wire.Server = cmp.Or(wire.Server, wire.Release)
	if err != nil || wire.Server == "" {
		return Version{}, foreign(resp, body, "not a version")
	}
	if wire.Cluster == "not_decided" {
		wire.Cluster = ""
	}
	return Version{Server: wire.Server, Cluster: wire.Cluster}, nil
}

// atLeast reports whether version, such as "2.3.8" or "3.5.0-rc.1", is major.minor.patch or
// later. A text that is no version is older than all.
func atLeast(version string, major, minor, patch int) bool {
	var have [3]int
	if n, _ := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2]); n < 3 {
		return false
	}
	return slices.Compare(have[:], []int{major, minor, patch}) >= 0
}
