package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// discoveryNames are the names under which clusters announce themselves to clients: first those of etcd 2.1
// and later, then those that earlier clients looked up. The first name that has records is used.
var discoveryNames = []struct{ service, scheme string }{
	{"etcd-client-ssl", "https"},
	{"etcd-client", "http"},
	{"etcd-ssl", "https"},
	{"etcd", "http"},
}

// LookupEndpoints looks up the SRV records of a cluster in domain. If service is not empty, it is appended to
// the names after a hyphen. LookupEndpoints returns the client URLs of the records, sorted by priority and,
// within a priority, randomized by weight. It returns an error if no name has records, or if a lookup fails
// before a name with records is found. If resolver is nil, net.DefaultResolver is used.
func LookupEndpoints(ctx context.Context, resolver *net.Resolver, domain, service string) ([]string, error) {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	suffix := ""
	if service != "" {
		suffix = "-" + service
	}
	var last error
	for _, name := range discoveryNames {
		_, records, err := resolver.LookupSRV(ctx, name.service+suffix, "tcp", domain)
		if len(records) == 0 {
			// A name whose lookup failed may be the one to use: the names after it include names without TLS.
			if last = err; !isMissingName(err) {
				break
			}
			continue
		}
		endpoints := make([]string, len(records))
		for i, record := range records {
			host := net.JoinHostPort(strings.TrimSuffix(record.Target, "."), strconv.Itoa(int(record.Port)))
			endpoints[i] = name.scheme + "://" + host
		}
		return endpoints, nil
	}
	switch {
	case last == nil:
		return nil, fmt.Errorf("etcd: discovery: %s has no SRV records of etcd", domain)
	case isMissingName(last):
		return nil, fmt.Errorf("etcd: discovery: %s has no SRV records of etcd: %w", domain, last)
	}
	return nil, fmt.Errorf("etcd: discovery: look up SRV records of etcd in %s: %w", domain, last)
}

// isMissingName reports whether the DNS has answered that it has no records of a name.
func isMissingName(err error) bool {
	var lookup *net.DNSError
	return err == nil || errors.As(err, &lookup) && lookup.IsNotFound
}
