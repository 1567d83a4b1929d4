package cluster

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// newMembers parses endpoints that must be good.
func newMembers(t *testing.T, seed bool, endpoints ...string) []*Member {
	t.Helper()
	var members []*Member
	for _, endpoint := range endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		m.seed = seed
		members = append(members, m)
	}
	return members
}

func seeds(t *testing.T, endpoints ...string) []*Member {
	t.Helper()
	return newMembers(t, true, endpoints...)
}

func advertised(t *testing.T, endpoints ...string) []*Member {
	t.Helper()
	return newMembers(t, false, endpoints...)
}

// checkNext compares the whole order in which a call would try l's members, and the counts left.
func checkNext(t *testing.T, l *memberList, want []*Member, counts ...int) {
	t.Helper()
	var order []*Member
	var lefts []int
	for m, left := l.next(nil); m != nil; m, left = l.next(order) {
		order, lefts = append(order, m), append(lefts, left)
	}
	check(t, "order", namesOf(order), namesOf(want))
	check(t, "members left", lefts, counts)
}

func namesOf(members []*Member) []string {
	var names []string
	for _, m := range members {
		names = append(names, m.endpoint)
	}
	return names
}

func TestNextFollowsTheListFromThePinnedMember(t *testing.T) {
	all := seeds(t, "http://a", "http://b", "http://c")
	a, b, c := all[0], all[1], all[2]
	l := newMemberList(all)
	checkNext(t, l, []*Member{a, b, c}, 3, 2, 1)
	l.pin(b)
	checkNext(t, l, []*Member{b, a, c}, 3, 2, 1)
	next, left := l.next(all)
	check(t, "when all were tried", []any{next, left}, []any{(*Member)(nil), 0})
}

// The count is by whom a deadline is divided: members that are not expected to be tried have no part.
func TestNextPassesOverMembersSetAsideAsLongAsThereAreOthers(t *testing.T) {
	all := seeds(t, "http://a", "http://b", "http://c", "http://d")
	a, b, c, d := all[0], all[1], all[2], all[3]
	l := newMemberList(all)
	l.pin(c)
	a.health.failed()
	c.health.failed() // the pinned one comes first only among those set aside
	checkNext(t, l, []*Member{b, d, c, a}, 2, 1, 2, 1)
}

func TestNextTriesAllWhereAllAreSetAside(t *testing.T) {
	all := seeds(t, "http://a", "http://b")
	a, b := all[0], all[1]
	l := newMemberList(all)
	l.pin(b)
	a.health.failed()
	b.health.failed()
	checkNext(t, l, []*Member{b, a}, 2, 1)
}

func TestNextTakesAMemberBackWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := seeds(t, "http://a", "http://b")
		l := newMemberList(all)
		all[0].health.failed()
		checkNext(t, l, []*Member{all[1], all[0]}, 1, 1)
		<-time.After(500 * time.Millisecond)
		checkNext(t, l, all, 2, 1)
	})
}

func TestAdvertisedMembersComeAndGo(t *testing.T) {
	l := newMemberList(seeds(t, "http://a"))
	for _, step := range []struct{ advertised, want []string }{
		{[]string{"http://b", "http://c"}, []string{"http://a", "http://b", "http://c"}},
		{[]string{"http://c", "http://d"}, []string{"http://a", "http://c", "http://d"}},
		{[]string{"http://a"}, []string{"http://a"}},
		{nil, []string{"http://a"}}, // what was configured never goes
	} {
		l.advertise(advertised(t, step.advertised...))
		check(t, "endpoints", l.endpoints(), step.want)
	}
}

func TestKnownMembersStayWhatTheyAre(t *testing.T) {
	known := seeds(t, "http://a")
	l := newMemberList(known)
	l.advertise(advertised(t, "http://b"))
	known = l.all()
	for _, m := range known {
		m.health.failed()
	}
	for name, change := range map[string]func(){
		"advertised again": func() { l.advertise(advertised(t, "http://a", "http://b")) },
		"found again":      func() { l.add(seeds(t, "http://b", "http://a")) },
	} {
		change()
		now := l.all()
		if len(now) != 2 || now[0] != known[0] || now[1] != known[1] {
			t.Errorf("%s: members are %v, were %v", name, now, known)
		}
		check(t, name+": a is aside", now[0].health.aside(), true)
		check(t, name+": b is aside", now[1].health.aside(), true)
		check(t, name+": a is a seed", now[0].seed, true)
	}
}

func TestAddedSeedsStay(t *testing.T) {
	l := newMemberList(nil)
	l.add(seeds(t, "http://a", "http://b"))
	l.advertise(advertised(t, "http://c"))
	l.add(seeds(t, "http://d"))
	check(t, "endpoints", l.endpoints(), []string{"http://a", "http://b", "http://c", "http://d"})
	l.advertise(nil)
	check(t, "endpoints", l.endpoints(), []string{"http://a", "http://b", "http://d"})
}

// A caller that runs through the list while it is replaced must see one or the other.
func TestListIsReplacedNotChanged(t *testing.T) {
	l := newMemberList(seeds(t, "http://a"))
	l.advertise(advertised(t, "http://b"))
	before := l.all()
	l.advertise(advertised(t, "http://c"))
	l.add(seeds(t, "http://d"))
	check(t, "the list from before", namesOf(before), []string{"http://a", "http://b"})
}

func TestDroppedMemberIsNoLongerPinned(t *testing.T) {
	l := newMemberList(seeds(t, "http://a"))
	l.advertise(advertised(t, "http://b", "http://c"))
	b, c := l.all()[1], l.all()[2]
	l.pin(c)
	l.advertise(advertised(t, "http://c"))
	check(t, "pinned, and still advertised", l.pinned.Load() == c, true)
	l.pin(b)
	l.advertise(advertised(t, "http://c"))
	check(t, "pinned, and not in the list", l.pinned.Load(), (*Member)(nil))
}

// Redirects and the leader's URLs have paths of their own, or none.
func TestMemberIsFoundBySchemeAndHost(t *testing.T) {
	l := newMemberList(seeds(t, "http://a:2379/etcd", "https://b"))
	for address, want := range map[string]string{
		"http://a:2379":           "http://a:2379/etcd",
		"http://a:2379/v2/keys/k": "http://a:2379/etcd",
		"https://b/v2/leader?x=y": "https://b",
		"https://a:2379":          "",
		"http://a:4001":           "",
		"http://b":                "",
		"/v2/keys":                "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if m := l.find(u); m != nil {
			got = m.endpoint
		}
		check(t, address, got, want)
	}
}

func TestMemberNamedTwiceCountsOnce(t *testing.T) {
	var members []*Member
	for _, endpoint := range []string{"http://A:80", "http://a", "http://b:2379", "https://a:443", "https://A"} {
		m, err := parseMember(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
	}
	l := newMemberList(nil)
	l.add(members)
	check(t, "endpoints", l.endpoints(), []string{"http://a", "http://b:2379", "https://a"})
}
