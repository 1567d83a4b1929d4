package etcd

import (
	"context"
	"net"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/contexts"
)

// Discovery finds members by DNS SRV records.
type Discovery struct {
	// Domain is the domain of the records, such as "example.com". Empty means no discovery.
	Domain string

	// Service is a suffix of the records' names that distinguishes clusters in one domain, like etcd's
	// --discovery-srv-name. Empty means no suffix.
	Service string

	// Resolver asks the DNS. Nil means net.DefaultResolver.
	Resolver *net.Resolver
}

// Endpoints looks up the records and returns the client URLs that they describe, ordered by priority and, within
// one priority, at random by weight. It fails if no name has records, or if the lookup of a name fails before
// one with records is found, because the later names include those without TLS.
func (d Discovery) Endpoints(ctx context.Context) ([]string, error) {
	endpoints, err := d.lookUp(ctx)
	return endpoints, contexts.Join(ctx, err)
}

func (d Discovery) lookUp(ctx context.Context) ([]string, error) {
	return cluster.LookupEndpoints(ctx, d.Resolver, d.Domain, d.Service)
}
