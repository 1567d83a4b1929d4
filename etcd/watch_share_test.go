package etcd

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var watchShare = flag.String("watch.share", "", "whether the watches of random histories are shared: always, never, or by chance")

// mayShare makes client share even the poll of a single watch, by chance. The watch is then served by a feed of
// its own key, and that by a feed of the directory above.
func mayShare(t *testing.T, chance *rand.Rand, client *Client) *Client {
	t.Helper()
	by := chance.IntN(2) == 0
	if *watchShare == "always" || *watchShare == "" && by {
		client.hub.Limit = 0
		t.Log("shared")
	}
	return client
}
