package etcd

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Discovery finds members by DNS SRV records.
type Discovery struct {
	// Domain is where the records are, such as "example.com". Empty means that none are looked for.
	Domain string

	// Service is a suffix of the records' names that tells clusters in one domain apart, as
	// etcd's --discovery-srv-name does. Empty means no suffix.
	Service string

	// Resolver asks the DNS. Nil means net.DefaultResolver.
	Resolver *net.Resolver
}

// The names under which clusters announce themselves to clients: those of etcd 2.1 and later, then
// those that earlier clients looked for. The first name that has records counts.
var discoveryNames = []struct{ service, scheme string }{
	{"etcd-client-ssl", "https"},
	{"etcd-client", "http"},
	{"etcd-ssl", "https"},
	{"etcd", "http"},
}

// Endpoints looks the records up and returns the client URLs they stand for, in the order of their
// priority, and in a random one by weight within it. It fails where no name has records.
func (d Discovery) Endpoints(ctx context.Context) ([]string, error) {
	resolver := d.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	suffix := ""
	if d.Service != "" {
		suffix = "-" + d.Service
	}
	var last error
	for _, name := range discoveryNames {
		_, records, err := resolver.LookupSRV(ctx, name.service+suffix, "tcp", d.Domain)
		if err != nil {
			last = err
		}
		if len(records) == 0 {
			continue
		}
		endpoints := make([]string, len(records))
		for i, record := range records {
			host := net.JoinHostPort(strings.TrimSuffix(record.Target, "."), strconv.Itoa(int(record.Port)))
			endpoints[i] = name.scheme + "://" + host
		}
		return endpoints, nil
	}
	return nil, fmt.Errorf("etcd: no SRV records of etcd in %s: %w", d.Domain, last)
}

// discover adds what Discovery finds to the members. It does nothing without a domain.
func (c *cluster) discover(ctx context.Context) error {
	if c.discovery.Domain == "" {
		return nil
	}
	endpoints, err := c.discovery.Endpoints(ctx)
	if err != nil {
		return err
	}
	members := make([]*member, len(endpoints))
	for i, endpoint := range endpoints {
		if members[i], err = parseMember(endpoint); err != nil {
			return err
		}
		members[i].seed = true
	}
	c.roster.add(members)
	return nil
}
