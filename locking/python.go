package locking

import (
	"context"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
)

// WithPythonLayout makes a Mutex compatible with the etcd.Lock of python-etcd 0.4, so that the two exclude each
// other. The name of the mutex is then that of the Python lock, "customer1" for /_locks/customer1. Its keys are
// in-order keys with random values, so WithValue and WithIdentity are refused.
//
// The Python lock keeps its own weaknesses: it does not renew itself, and does not notice that it was lost. The
// layout needs etcd 2.2 or later, where in-order keys sort. If the request of a contender to join the queue is
// lost for good, a key may remain for its TTL.
func WithPythonLayout() Option { return func(c *config) { c.layout = python{} } }

// pythonPrefix is python-etcd's default lock_prefix.
const pythonPrefix = "/_locks/"

// python is the layout of python-etcd 0.4.0 to 0.4.5.
type python struct{}

func (python) create(ctx context.Context, client *etcd.Client, dir string, e entry, ttl time.Duration,
) (*etcd.Response, error) {
	return client.CreateInOrder(ctx, dir, e.ID, etcd.WithTTL(ttl), etcd.WithUniqueValue())
}

func (python) encode(e entry) string { return e.ID }

func (python) decode(value string) entry { return entry{Value: value, ID: value} }

func (python) foreign() string { return "python-etcd's lock" }

// compare goes by name, as Python does.
func (python) compare(a, b Contender) int { return strings.Compare(a.Key, b.Key) }
