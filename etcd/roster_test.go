package etcd

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

// newMembers parses endpoints that must be good.
func newMembers(t *testing.T, seed bool, endpoints ...string) []*member {
	t.Helper()
	var members []*member
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

func seeds(t *testing.T, endpoints ...string) []*member {
	t.Helper()
	return newMembers(t, true, endpoints...)
}

func advertised(t *testing.T, endpoints ...string) []*member {
	t.Helper()
	return newMembers(t, false, endpoints...)
}

// checkNext compares the whole order in which a call would try r's members, and the counts left.
func checkNext(t *testing.T, r *roster, want []*member, counts ...int) {
	t.Helper()
	var order []*member
	var lefts []int
	for m, left := r.next(nil); m != nil; m, left = r.next(order) {
		order, lefts = append(order, m), append(lefts, left)
	}
	check(t, "order", namesOf(order), namesOf(want))
	check(t, "members left", lefts, counts)
}

func namesOf(members []*member) []string {
	var names []string
	for _, m := range members {
		names = append(names, m.endpoint)
	}
	return names
}

func TestNextFollowsTheListFromThePinnedMember(t *testing.T) {
	all := seeds(t, "http://a", "http://b", "http://c")
	a, b, c := all[0], all[1], all[2]
	r := newRoster(all)
	checkNext(t, r, []*member{a, b, c}, 3, 2, 1)
	r.pin(b)
	checkNext(t, r, []*member{b, a, c}, 3, 2, 1)
	next, left := r.next(all)
	check(t, "when all were tried", []any{next, left}, []any{(*member)(nil), 0})
}

// The count is by whom a deadline is divided: members that are not expected to be tried have no part.
func TestNextPassesOverMembersSetAsideAsLongAsThereAreOthers(t *testing.T) {
	all := seeds(t, "http://a", "http://b", "http://c", "http://d")
	a, b, c, d := all[0], all[1], all[2], all[3]
	r := newRoster(all)
	r.pin(c)
	a.health.failed()
	c.health.failed() // the pinned one comes first only among those set aside
	checkNext(t, r, []*member{b, d, c, a}, 2, 1, 2, 1)
}

func TestNextTriesAllWhereAllAreSetAside(t *testing.T) {
	all := seeds(t, "http://a", "http://b")
	a, b := all[0], all[1]
	r := newRoster(all)
	r.pin(b)
	a.health.failed()
	b.health.failed()
	checkNext(t, r, []*member{b, a}, 2, 1)
}

func TestNextTakesAMemberBackWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := seeds(t, "http://a", "http://b")
		r := newRoster(all)
		all[0].health.failed()
		checkNext(t, r, []*member{all[1], all[0]}, 1, 1)
		<-time.After(500 * time.Millisecond)
		checkNext(t, r, all, 2, 1)
	})
}

func TestAdvertisedMembersComeAndGo(t *testing.T) {
	r := newRoster(seeds(t, "http://a"))
	for _, step := range []struct{ advertised, want []string }{
		{[]string{"http://b", "http://c"}, []string{"http://a", "http://b", "http://c"}},
		{[]string{"http://c", "http://d"}, []string{"http://a", "http://c", "http://d"}},
		{[]string{"http://a"}, []string{"http://a"}},
		{nil, []string{"http://a"}}, // what was configured never goes
	} {
		r.advertise(advertised(t, step.advertised...))
		check(t, "endpoints", r.endpoints(), step.want)
	}
}

func TestKnownMembersStayWhatTheyAre(t *testing.T) {
	known := seeds(t, "http://a")
	r := newRoster(known)
	r.advertise(advertised(t, "http://b"))
	known = r.all()
	for _, m := range known {
		m.health.failed()
	}
	for name, change := range map[string]func(){
		"advertised again": func() { r.advertise(advertised(t, "http://a", "http://b")) },
		"found again":      func() { r.add(seeds(t, "http://b", "http://a")) },
	} {
		change()
		now := r.all()
		if len(now) != 2 || now[0] != known[0] || now[1] != known[1] {
			t.Errorf("%s: members are %v, were %v", name, now, known)
		}
		check(t, name+": a is aside", now[0].health.aside(), true)
		check(t, name+": b is aside", now[1].health.aside(), true)
		check(t, name+": a is a seed", now[0].seed, true)
	}
}

func TestAddedSeedsStay(t *testing.T) {
	r := newRoster(nil)
	r.add(seeds(t, "http://a", "http://b"))
	r.advertise(advertised(t, "http://c"))
	r.add(seeds(t, "http://d"))
	check(t, "endpoints", r.endpoints(), []string{"http://a", "http://b", "http://c", "http://d"})
	r.advertise(nil)
	check(t, "endpoints", r.endpoints(), []string{"http://a", "http://b", "http://d"})
}

// A caller that runs through the list while it is replaced must see one or the other.
func TestListIsReplacedNotChanged(t *testing.T) {
	r := newRoster(seeds(t, "http://a"))
	r.advertise(advertised(t, "http://b"))
	before := r.all()
	r.advertise(advertised(t, "http://c"))
	r.add(seeds(t, "http://d"))
	check(t, "the list from before", namesOf(before), []string{"http://a", "http://b"})
}

func TestDroppedMemberIsNoLongerPinned(t *testing.T) {
	r := newRoster(seeds(t, "http://a"))
	r.advertise(advertised(t, "http://b", "http://c"))
	b, c := r.all()[1], r.all()[2]
	r.pin(c)
	r.advertise(advertised(t, "http://c"))
	check(t, "pinned, and still advertised", r.pinned.Load() == c, true)
	r.pin(b)
	r.advertise(advertised(t, "http://c"))
	check(t, "pinned, and not in the list", r.pinned.Load(), (*member)(nil))
}

// Redirects and the leader's URLs have paths of their own, or none.
func TestMemberIsFoundBySchemeAndHost(t *testing.T) {
	r := newRoster(seeds(t, "http://a:2379/etcd", "https://b"))
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
		if m := r.find(u); m != nil {
			got = m.endpoint
		}
		check(t, address, got, want)
	}
}

func TestMemberNamedTwiceCountsOnce(t *testing.T) {
	var members []*member
	for _, endpoint := range []string{"http://A:80", "http://a", "http://b:2379", "https://a:443", "https://A"} {
		m, err := parseMember(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
	}
	r := newRoster(nil)
	r.add(members)
	check(t, "endpoints", r.endpoints(), []string{"http://a", "http://b:2379", "https://a"})
}
