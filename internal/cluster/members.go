package cluster

import (
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
)

// memberList is the list of members that requests can go to. Once it has a member, it is never empty again.
type memberList struct {
	change  sync.Mutex                // held while members are replaced
	members atomic.Pointer[[]*Member] // replaced as a whole, never modified
	pinned  atomic.Pointer[Member]    // the member that calls begin with
}

func newMemberList(members []*Member) *memberList {
	l := &memberList{}
	l.store(members)
	return l
}

func (l *memberList) all() []*Member { return *l.members.Load() }

func (l *memberList) endpoints() []string {
	members := l.all()
	endpoints := make([]string, len(members))
	for i, m := range members {
		endpoints[i] = m.endpoint
	}
	return endpoints
}

// next returns the member to try after those in tried, and how many members are left to try, including it. It
// returns nil and 0 if there is none. Members that are set aside count only if no other is left.
func (l *memberList) next(tried []*Member) (next *Member, left int) {
	var aside *Member
	var asideLeft int
	pinned := l.pinned.Load()
	for _, m := range l.all() {
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
func (l *memberList) pin(m *Member) {
	if l.pinned.Load() != m {
		l.pinned.Store(m)
	}
}

// find returns the member that clients reach at u, or nil if there is none.
func (l *memberList) find(u *url.URL) *Member { return findMember(l.all(), u) }

func findMember(members []*Member, u *url.URL) *Member {
	host := canonicalHost(u)
	for _, m := range members {
		if m.base.Scheme == u.Scheme && m.base.Host == host {
			return m
		}
	}
	return nil
}

// add adds members that are not in the list yet.
func (l *memberList) add(members []*Member) {
	l.change.Lock()
	defer l.change.Unlock()
	l.replace(slices.Clone(l.all()), members)
}

// advertise replaces the list with its seeds and the members that the cluster advertises. It drops members
// that are no longer advertised.
func (l *memberList) advertise(members []*Member) {
	l.change.Lock()
	defer l.change.Unlock()
	seeds := slices.DeleteFunc(slices.Clone(l.all()), func(m *Member) bool { return !m.seed })
	l.replace(seeds, members)
}

// replace replaces the list with kept and more. It reuses a member that was in the list before, so that its
// health is preserved.
func (l *memberList) replace(kept, more []*Member) {
	for _, m := range more {
		if findMember(kept, m.base) != nil {
			continue
		}
		if known := l.find(m.base); known != nil {
			m = known
		}
		kept = append(kept, m)
	}
	l.store(kept)
	if !slices.Contains(kept, l.pinned.Load()) {
		l.pinned.Store(nil)
	}
}

// store makes members the list.
func (l *memberList) store(members []*Member) {
	for _, m := range members {
		m.listed.Store(true)
	}
	l.members.Store(&members)
}
