package election

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// handled is a transport whose requests a handler answers. Nothing in it waits for a network, so that it can
// be used in bubbles.
type handled http.HandlerFunc

func (h handled) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// connect returns a client of a server that answers with h.
func connect(t *testing.T, h http.HandlerFunc) *etcd.Client {
	t.Helper()
	client, err := etcd.New(etcd.Config{
		Endpoints: []string{"http://a"}, ClusterID: clusterID, HTTPClient: &http.Client{Transport: handled(h)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

const clusterID = "7e27652122e8b2ae"

// reply answers with a body and the header that etcd sends with it.
func reply(status int, cluster, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Etcd-Cluster-Id", cluster)
		w.Header().Set("X-Etcd-Index", "7")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// refusing answers with an errorCode.
func refusing(status int, code etcd.ErrorCode, cause string) http.HandlerFunc {
	body := fmt.Sprintf(`{"errorCode":%d,"message":"m","cause":%q,"index":7}`, code, cause)
	return reply(status, clusterID, body)
}

// withoutV2 answers as etcd 3.x does where the v2 API is switched off.
func withoutV2(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/version" {
		fmt.Fprint(w, `{"etcdserver":"3.5.35","etcdcluster":"3.5.0"}`)
		return
	}
	http.NotFound(w, r)
}

// lead is for elections that nobody wins.
func lead(context.Context, *Term) error { return errors.New("elected") }

func TestRunEndsWithAnErrorThatNoFurtherTryWouldChange(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		want  error
	}{
		"not allowed":         {refusing(401, etcd.ErrUnauthorized, "Insufficient credentials"), etcd.ErrUnauthorized},
		"another cluster":     {reply(200, "cdf818194e3a8c32", ""), etcd.ErrWrongCluster},
		"v2 is switched off":  {withoutV2, etcd.ErrNotSupported},
		"a name below a file": {refusing(400, etcd.ErrNotDir, "/file"), etcd.ErrNotDir},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := connect(t, test.reply)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				start := time.Now()
				_, locked := locking.NewMutex(client, "/file/e").Lock(ctx)
				err := New(client, "/file/e").Run(ctx, "a", lead)
				if !errors.Is(err, test.want) || !errors.Is(locked, test.want) {
					t.Errorf("Run returned %v, Lock %v", err, locked)
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("they took %v", took)
				}
			})
		})
	}
}

func TestRunEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		client := connect(t, withoutV2)
		client.Close()
		if err := New(client, "/e").Run(ctx, "a", lead); !errors.Is(err, etcd.ErrClosed) {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := New(connect(t, withoutV2), "/").Run(ctx, "a", lead)
		if !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestRunCampaignsAgainWhereNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := New(client, "/e").Run(ctx, "a", lead)
		if !errors.Is(err, context.DeadlineExceeded) || asked < 6 {
			t.Errorf("Run returned %v after %d requests", err, asked)
		}
	})
}

// takenOver is a server on which another process takes over each place as soon as it is made, until the
// server refuses to make any.
type takenOver struct {
	made, most int
	key        string
}

func (s *takenOver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := http.HandlerFunc(http.NotFound)
	event := func(format string, args ...any) http.HandlerFunc {
		return reply(200, clusterID, fmt.Sprintf(format, args...))
	}
	switch {
	case r.URL.Query().Get("wait") == "true":
		<-r.Context().Done()
	case r.Method == http.MethodHead:
		answer = event("")
	case r.Method == http.MethodDelete:
		answer = refusing(404, etcd.ErrKeyNotFound, s.key)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/keys"):
		answer = event(`{"action":"get","node":{"key":"/e","dir":true,"nodes":[`+
			`{"key":%q,"value":"another's","modifiedIndex":9,"createdIndex":8}]}}`, s.key)
	case r.Method == http.MethodPut && s.made == s.most:
		answer = refusing(401, etcd.ErrUnauthorized, "Insufficient credentials")
	case r.Method == http.MethodPut:
		s.made++
		s.key = strings.TrimPrefix(r.URL.Path, "/v2/keys")
		answer = event(`{"action":"create","node":{"key":%q,"value":%q,"modifiedIndex":8,"createdIndex":8}}`, s.key, r.PostFormValue("value"))
	}
	answer(w, r)
}

// A campaign can end with a loss, too.
func TestRunCampaignsAgainAfterALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &takenOver{most: 3}
		client := connect(t, server.ServeHTTP)
		_, locked := locking.NewMutex(client, "/e").Lock(t.Context())
		if !errors.Is(locked, locking.ErrLost) {
			t.Errorf("Lock returned %v", locked)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := New(client, "/e").Run(ctx, "a", lead)
		if !errors.Is(err, etcd.ErrUnauthorized) || server.made != 3 {
			t.Errorf("Run returned %v after %d places", err, server.made)
		}
	})
}
