package etcd

import (
	"context"
	"net"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/contexts"
)

// Discovery finds members by DNS SRV records.
type Discovery struct {
	// Domain is where the records are, such as "example.com". Empty means that none are looked for.
	Domain string

	// Service is a suffix of the records' names that tells clusters in one domain apart, as etcd's
	// --discovery-srv-name does. Empty means no suffix.
	Service string

	// Resolver asks the DNS. Nil means net.DefaultResolver.
	Resolver *net.Resolver
}

// Endpoints looks the records up and returns the client URLs they stand for, in the order of their priority,
// and in a random one by weight within it. It fails if no name has records, or if the lookup of a name fails
// before one with records is found: the later names include those without TLS.
func (d Discovery) Endpoints(ctx context.Context) ([]string, error) {
	endpoints, err := d.lookUp(ctx)
	return endpoints, contexts.Join(ctx, err)
}

func (d Discovery) lookUp(ctx context.Context) ([]string, error) {
	return cluster.LookupEndpoints(ctx, d.Resolver, d.Domain, d.Service)
}
