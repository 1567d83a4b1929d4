package property_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
)

// course is what stands between the watches and one member: a link and a faulty proxy.
type course struct {
	member *etcdtest.Member
	link   *faultlink.Link
	proxy  *faultproxy.Proxy
}

func newCourses(t *testing.T, cluster *etcdtest.Cluster) (courses []course) {
	for _, member := range cluster.Members() {
		proxy := faultproxy.New(t, member.URL())
		courses = append(courses, course{member, faultlink.New(t, proxy.URL()), proxy})
	}
	return courses
}

// fault breaks something and returns how to mend it.
type fault struct {
	name string
	do   func(t *testing.T, c course) (mend func())
}

var faults = []fault{
	{"watches cut in mid-event", func(_ *testing.T, c course) func() {
		c.proxy.Use(func(req *http.Request) faultproxy.Fault {
			// Not the run's own random numbers: polls come when they like.
			if strings.Contains(req.URL.RawQuery, "wait=true") && rand.IntN(3) == 0 {
				return faultproxy.CutEvent
			}
			return faultproxy.Pass
		})
		return func() { c.proxy.Use(faultproxy.Always(faultproxy.Pass)) }
	}},
	{"requests dropped", func(_ *testing.T, c course) func() {
		c.proxy.Use(faultproxy.Always(faultproxy.DropRequest))
		return func() { c.proxy.Use(faultproxy.Always(faultproxy.Pass)) }
	}},
	{"replies lost", breakLink(faultlink.LoseReplies)},
	{"all lost", breakLink(faultlink.LoseAll)},
	{"connections reset", breakLink(faultlink.ResetReplies)},
	{"member killed", func(t *testing.T, c course) func() { return down(t, c, c.member.Kill) }},
	{"member stopped", func(t *testing.T, c course) func() { return down(t, c, c.member.Stop) }},
	{"member frozen", func(t *testing.T, c course) func() {
		do(t, c.member.Freeze())
		return func() { do(t, c.member.Thaw()) }
	}},
}

func breakLink(how faultlink.Fault) func(*testing.T, course) func() {
	return func(t *testing.T, c course) func() {
		do(t, c.link.Break(how))
		return c.link.Heal
	}
}

func down(t *testing.T, c course, end func() error) func() {
	do(t, end())
	return func() { do(t, c.member.Restart(t.Context())) }
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
