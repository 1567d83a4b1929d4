package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// joinPatience is how long a member that joins waits for the others to know of it: they may still be applying what a
// client was told.
const joinPatience = 5 * time.Second

// A peer is a member as the cluster lists it. A member that never ran has no name there.
type peer struct {
	ID       uint64
	Name     string
	PeerURLs []string
}

// peers returns the members that this one knows of, itself included. It asks the port for peers, which needs no
// leader, password or certificate, nor the v2 API.
func (m *Member) peers(ctx context.Context) ([]peer, error) {
	var list []peer
	_, err := m.ask(ctx, m.PeerURL()+"/members", quickTimeout, &list)
	return list, err
}

func lists(list []peer, m *Member) bool {
	return slices.ContainsFunc(list, func(p peer) bool { return slices.Contains(p.PeerURLs, m.PeerURL()) })
}

// initialCluster returns what a member that joins has to be told of the others: exactly those that the cluster has by
// now, of which some may have been added or removed since it was prepared.
func (m *Member) initialCluster(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	var found string
	err := poll(ctx, func(ctx context.Context) error {
		known, err := m.cluster.listings(ctx)
		for _, list := range known {
			if lists(list, m) {
				found = m.cluster.describe(list)
				return nil
			}
		}
		if len(known) == 0 {
			return errors.Join(errors.New("no running member tells who the members are"), err)
		}
		return fmt.Errorf("the cluster does not list %s: add the member first, for example with AddMember of the client", m.PeerURL())
	})
	return found, err
}

// listings returns what the running members say of who the members are, and why some do not answer.
func (c *Cluster) listings(ctx context.Context) (known [][]peer, err error) {
	for _, m := range c.members {
		if m.running() == nil {
			continue
		}
		list, failure := m.peers(ctx)
		if failure != nil {
			err = errors.Join(err, failure)
			continue
		}
		known = append(known, list)
	}
	return known, err
}

// belongs reports whether a stopped member is to be started with the others: unless the client removed it, or has not
// added it yet. What one running member does not list another may have heard of. If none runs, only a member that
// never ran is known not to belong.
func (m *Member) belongs(known [][]peer) bool {
	if len(known) == 0 {
		return !m.spec.Joins || m.hasJoined()
	}
	return slices.ContainsFunc(known, func(list []peer) bool { return lists(list, m) })
}

// describe returns the list in the form of etcd's flag.
func (c *Cluster) describe(list []peer) string {
	var all []string
	for i, p := range list {
		for _, m := range c.members {
			if slices.Contains(p.PeerURLs, m.PeerURL()) {
				p.Name = m.Name()
			}
		}
		if p.Name == "" { // added by a client, without NewMember
			p.Name = fmt.Sprintf("unknown%d", i)
		}
		for _, url := range p.PeerURLs {
			all = append(all, p.Name+"="+url)
		}
	}
	return strings.Join(all, ",")
}

// hasJoined reports whether the member has a log of its own, from which it starts. Then it need not be told of the others.
func (m *Member) hasJoined() bool {
	_, err := os.Stat(filepath.Join(m.spec.DataDir, "member", "wal"))
	return err == nil
}
