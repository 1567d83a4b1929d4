package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// The names under which clusters announce themselves to clients: those of etcd 2.1 and later, then those that
// earlier clients looked for. The first name that has records counts.
var discoveryNames = []struct{ service, scheme string }{
	{"etcd-client-ssl", "https"},
	{"etcd-client", "http"},
	{"etcd-ssl", "https"},
	{"etcd", "http"},
}

// LookupEndpoints looks up the SRV records of a cluster in a domain, under names with the suffix service if
// that is not empty. It returns the client URLs they stand for, in the order of their priority, and in a
// random one by weight within it, or an error if no name has records. A nil resolver is net.DefaultResolver.
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
			// A name that could not be looked up may be the one that counts: behind it stand names without
			// TLS.
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
	return nil, fmt.Errorf("etcd: no SRV records of etcd in %s: %w", domain, last)
}

// isMissingName reports whether the DNS has said that it has no records of a name.
func isMissingName(err error) bool {
	var lookup *net.DNSError
	return err == nil || errors.As(err, &lookup) && lookup.IsNotFound
}
