package etcd

import (
	"errors"
	"testing"
)

func TestVersionReadsWhatServersHaveSaid(t *testing.T) {
	for body, want := range map[string]Version{
		"etcd 2.0.13":  {Server: "2.0.13"},
		"etcd 0.4.9\n": {Server: "0.4.9"},
		`{"releaseVersion":"2.0.0","internalVersion":"2"}`:                {Server: "2.0.0"},
		`{"etcdserver":"2.2.5","etcdcluster":"2.2.0"}`:                    {"2.2.5", "2.2.0"},
		`{"etcdserver":"2.3.8","etcdcluster":"not_decided"}`:              {"2.3.8", ""},
		`{"etcdserver":"2.1.0"}`:                                          {"2.1.0", ""},
		`{"etcdserver":"3.5.35","etcdcluster":"3.5.0","storage":"3.5.0"}`: {"3.5.35", "3.5.0"},
	} {
		s := serve(t, text(200, body))
		got, err := connect(t, s.url).Version(t.Context())
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", body, got, err)
		}
		check(t, "requests", s.got(), []string{"GET /version"})
	}
}

func TestVersionRefusesOtherReplies(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", "<html>etcd 2.0</html>", `{"etcdcluster":"2.2.0"}`, `{"internalVersion":"2"}`, `{"releaseVersion":2}`, `{"etcdserver":2}`} {
		s := serve(t, text(200, body))
		_, err := connect(t, s.url).Version(t.Context())
		var reply *Error
		if !errors.As(err, &reply) || reply.StatusCode != 200 {
			t.Errorf("%s: error is %v", body, err)
		}
	}
	s := serve(t, text(404, "404 page not found\n"))
	_, err := connect(t, s.url).Version(t.Context())
	checkNot(t, err, ErrKeyNotFound, ErrNotSupported) // every etcd tells it
	check(t, "requests", s.got(), []string{"GET /version"})
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"2.3.7": true, "2.3.8": true, "2.3.10": true, "2.4.0": true, "3.0.0": true, "10.0.0": true, "2.3.7+git": true, "3.5.0-rc.1": true,
		"2.3.6": false, "2.2.9": false, "1.9.9": false, "0.4.9": false,
		"": false, "3": false, "3.5": false, "not_decided": false, "three": false, "v3.5.0": false, "3.x.1": false,
	} {
		if got := atLeast(version, 2, 3, 7); got != want {
			t.Errorf("atLeast(%q, 2, 3, 7) = %t", version, got)
		}
	}
}
