package etcd

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
)

// versionReply answers the question for the version.
func versionReply(version string) http.HandlerFunc {
	return text(200, `{"etcdserver":"`+version+`"}`)
}

// A HEAD has no body that tells etcd without the v2 API from any other server, and a gateway or a proxy may
// refuse the method alone.
func TestRefusedHeadIsAskedAgainAsAGet(t *testing.T) {
	for _, status := range []int{404, 405, 501} {
		for name, test := range map[string]struct {
			get             http.HandlerFunc
			index           uint64
			fail, retryable bool
		}{
			"there":      {granting(8), 8, false, false},
			"missing":    {refusing(404, ErrKeyNotFound, "/k", 8), 8, false, false},
			"a stranger": {text(404, "<html>nothing here</html>"), 0, true, true},
			"no v2 API":  {text(404, pageMissing), 0, true, false},
		} {
			s := serve(t, text(status, ""), test.get, versionReply("3.6.0"))
			index, err := connect(t, s.url).present(t.Context(), "/k")
			check(t, name, []any{index, err != nil, Retryable(err)}, []any{test.index, test.fail, test.retryable})
			check(t, name+": in words", errors.Is(err, ErrNotSupported), test.fail && !test.retryable)
			check(t, name+": requests", s.got()[:2], []string{"HEAD /v2/keys/k", "GET /v2/keys/k"})
		}
	}
}

// A watch that begins now asks for the index with a HEAD.
func TestWatchBeginsBehindAProxyForReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watching(t, text(501, ""), refusing(404, ErrKeyNotFound, "/k", 7), eventAt("set", "/k", 8, 7))
		check(t, "events", w.events(t, 1), []string{"set /k@8"})
		w.checkSent(t, append([]string{"HEAD /v2/keys/k", "GET /v2/keys/k"}, polls(8)...)...)
	})
}

// Such a reply is not known to be etcd's, so it teaches no more than a page does.
func TestHeadThatIsAskedAgainTeachesNothing(t *testing.T) {
	for _, status := range []int{200, 404, 405, 501} {
		stranger := serve(t, text(status, "", "X-Etcd-Cluster-Id", "cdf818194e3a8c32"))
		member := serve(t, granting(3))
		client := connect(t, stranger.url, member.url)
		for range 2 {
			index, err := client.present(t.Context(), "/k")
			check(t, "index, error", []any{index, err}, []any{uint64(3), nil})
		}
		check(t, "requests to the stranger", stranger.got(), []string{"HEAD /v2/keys/k", "GET /v2/keys/k"})
	}
}
