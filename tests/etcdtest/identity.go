package etcdtest

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// clusterHeader names the cluster in each reply to a question about keys or members.
const clusterHeader = "X-Etcd-Cluster-Id"

// newToken returns what tells this cluster from every other one, those on the same ports included.
func newToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// clusterID computes the ID that etcd gives a new cluster: it is a hash of the IDs of the first members, each of which
// is a hash of its URL and the token. All versions compute it so. It has to be known before the first reply comes, since
// that could be another server's.
func clusterID(token string, peerURLs []string) string {
	ids := make([]uint64, len(peerURLs))
	for i, url := range peerURLs {
		ids[i] = hash([]byte(url + token))
	}
	slices.Sort(ids)
	var all []byte
	for _, id := range ids {
		all = binary.BigEndian.AppendUint64(all, id)
	}
	return strconv.FormatUint(hash(all), 16)
}

func hash(b []byte) uint64 {
	sum := sha1.Sum(b)
	return binary.BigEndian.Uint64(sum[:])
}

// recognize returns an error if the reply does not name this cluster.
func (c *Cluster) recognize(reply *http.Response) error {
	id := reply.Header.Get(clusterHeader)
	if id == "" {
		return fmt.Errorf("what answers %s does not name its cluster (status %d)", reply.Request.URL, reply.StatusCode)
	}
	return c.isOwn(id, reply.Request.URL.String())
}

// isOwn returns an error if the ID is not that of this cluster.
func (c *Cluster) isOwn(id, url string) error {
	if id != c.id {
		return fmt.Errorf("another cluster answers %s: its ID is %s, not %s", url, id, c.id)
	}
	return nil
}
