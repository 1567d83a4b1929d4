package etcd

import (
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
)

// roster is the list of members that requests can go to. Once there is one it is never empty.
type roster struct {
	change  sync.Mutex                // held by who replaces members
	members atomic.Pointer[[]*member] // replaced as a whole, never changed
	pinned  atomic.Pointer[member]    // the one that calls begin with
}

func newRoster(members []*member) *roster {
	r := &roster{}
	r.members.Store(&members)
	return r
}

func (r *roster) all() []*member { return *r.members.Load() }

func (r *roster) endpoints() []string {
	members := r.all()
	endpoints := make([]string, len(members))
	for i, m := range members {
		endpoints[i] = m.endpoint
	}
	return endpoints
}

// next returns the member to try when those in tried have been, and how many are left to try
// with it, nil and 0 when there is none. Members set aside come into it only when no
// other is left.
func (r *roster) next(tried []*member) (next *member, left int) {
	var aside *member
	var asideLeft int
	pinned := r.pinned.Load()
	for _, m := range r.all() {
		switch {
		case slices.Contains(tried, m):
		case m.health.aside():
			if asideLeft++; aside == nil || m == pinned {
				aside = m
			}
		default:
			if left++; next == nil || m == pinned {
				next = m
			}
		}
	}
	if next == nil {
		return aside, asideLeft
	}
	return next, left
}

// pin makes calls begin with m.
func (r *roster) pin(m *member) {
	if r.pinned.Load() != m {
		r.pinned.Store(m)
	}
}

// find returns the member that clients reach at u, nil if there is none.
func (r *roster) find(u *url.URL) *member { return findMember(r.all(), u) }

func findMember(members []*member, u *url.URL) *member {
	host := canonicalHost(u)
	for _, m := range members {
		if m.base.Scheme == u.Scheme && m.base.Host == host {
			return m
		}
	}
	return nil
}

// add adds seeds that are not in the list yet.
func (r *roster) add(seeds []*member) {
	r.change.Lock()
	defer r.change.Unlock()
	r.replace(slices.Clone(r.all()), seeds)
}

// advertise makes the list the seeds and what the cluster advertises. Members that were advertised
// before and no longer are go.
func (r *roster) advertise(members []*member) {
	r.change.Lock()
	defer r.change.Unlock()
	seeds := slices.DeleteFunc(slices.Clone(r.all()), func(m *member) bool { return !m.seed })
	r.replace(seeds, members)
}

// replace makes the list that of kept and more. Who was in the list before stays what it is: what
// is known of its health counts on.
func (r *roster) replace(kept, more []*member) {
	for _, m := range more {
		if findMember(kept, m.base) != nil {
			continue
		}
		if known := r.find(m.base); known != nil {
			m = known
		}
		kept = append(kept, m)
	}
	r.members.Store(&kept)
	if !slices.Contains(kept, r.pinned.Load()) {
		r.pinned.Store(nil)
	}
}
