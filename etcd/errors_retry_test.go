package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestRetryable(t *testing.T) {
	unanswered := func(errs ...error) error {
		failed := &ClusterError{Method: "GET", Path: "/v2/keys/k"}
		for _, err := range errs {
			failed.Attempts = append(failed.Attempts, Attempt{Err: err})
		}
		return failed
	}
	wrapped := func(err error) error { return fmt.Errorf("etcd: %w", err) }
	refused := &Error{Code: ErrUnauthorized, StatusCode: 401}
	page := &Error{Message: "<html>Log in</html>", StatusCode: 200}
	missing := &Error{Message: missingPage, StatusCode: 404}
	notReady := &Error{Message: notCapable, StatusCode: 500}
	overtaken := &WatchError{Key: "/k", Err: &Error{Code: ErrEventIndexCleared, StatusCode: 400}}
	late := unanswered(os.ErrDeadlineExceeded)
	lookup := &net.DNSError{Err: "no such host", Name: "example.test", IsNotFound: true}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"a member that is not there":       {unanswered(syscall.ECONNREFUSED), true},
		"one of them wrapped":              {wrapped(unanswered(syscall.ECONNREFUSED)), true},
		"a failure of the server":          {unanswered(&Error{StatusCode: 500}), true},
		"no time left":                     {unanswered(os.ErrDeadlineExceeded, context.DeadlineExceeded), true},
		"all of another cluster":           {unanswered(ErrWrongCluster, wrapped(ErrWrongCluster)), false},
		"one of another cluster":           {unanswered(syscall.ECONNREFUSED, ErrWrongCluster), true},
		"a write in doubt":                 {errors.Join(ErrOutcomeUnknown, late), true},
		"a proxy's page":                   {page, true},
		"a proxy's page for a write":       {unanswered(page), true},
		"users are not ready":              {explain(notReady), true},
		"no DNS records":                   {wrapped(lookup), true},
		"no index":                         {wrapped(errNoIndex), true},
		"no error":                         {nil, false},
		"a refusal":                        {refused, false},
		"a refusal wrapped":                {wrapped(refused), false},
		"a missing key":                    {&Error{Code: ErrKeyNotFound, StatusCode: 404}, false},
		"a comparison that fails":          {&Error{Code: ErrCompareFailed, StatusCode: 412}, false},
		"a redirect":                       {&Error{StatusCode: 307}, false},
		"a read-only proxy":                {&Error{StatusCode: 501}, false},
		"the same words of a call on keys": {notReady, false},
		"a watch that was overtaken":       {overtaken, false},
		"a cluster that is rolled back":    {&WatchError{Key: "/k", Err: ErrClusterRolledBack}, false},
		"a watch of another cluster":       {&WatchError{Key: "/k", Err: ErrWrongCluster}, false},
		"rolled back, without a watch":     {wrapped(ErrClusterRolledBack), false},
		"another cluster, without a watch": {wrapped(ErrWrongCluster), false},
		"not supported":                    {&notSupportedError{"3.6.0", missing}, false},
		"nothing said of the version":      {&notSupportedError{"", missing}, false},
		"an invalid argument":              {wrapped(ErrInvalidArgument), false},
		"a closed client":                  {wrapped(ErrClosed), false},
		"closed while it ran":              {unanswered(ErrClosed), false},
		"closed after a failure":           {unanswered(syscall.ECONNREFUSED, ErrClosed), false},
		"a context that was cancelled":     {context.Canceled, false},
		"a context whose time was up":      {wrapped(context.DeadlineExceeded), false},
		"the caller's own":                 {errors.New("changed my mind"), false},
	} {
		if got := Retryable(test.err); got != test.want {
			t.Errorf("%s: Retryable(%v) is %t", name, test.err, got)
		}
	}
}

// Where a call ends in either way, its error is sorted as it says.
func TestErrorsOfCallsAreRetryableOrNot(t *testing.T) {
	for name, test := range map[string]struct {
		client func(t *testing.T) *Client
		want   bool
	}{
		"refused connection": {func(t *testing.T) *Client { return connect(t, closedPort) }, true},
		"a proxy's page": {func(t *testing.T) *Client {
			return connect(t, serve(t, text(200, "<html>")).url)
		}, true},
		"no v2 API": {func(t *testing.T) *Client {
			return connect(t, serve(t, text(404, missingPage)).url)
		}, false},
		"a refusal": {func(t *testing.T) *Client {
			return connect(t, serve(t, refusing(401, ErrUnauthorized, "", 0)).url)
		}, false},
		"another cluster": {func(t *testing.T) *Client {
			s := serve(t, text(200, "", "X-Etcd-Cluster-Id", "cdf818194e3a8c32"))
			return connectWith(t, Config{Endpoints: []string{s.url}, ClusterID: "7e27652122e8b2ae"})
		}, false},
		"a closed client": {func(t *testing.T) *Client {
			client := connect(t, closedPort)
			client.Close()
			return client
		}, false},
		"a lookup that fails": {func(t *testing.T) *Client {
			resolver, _ := brokenDNS()
			return connectWith(t, Config{Discovery: Discovery{Domain: "example.test", Resolver: resolver}})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range []string{"Get", "Set"} {
				if err := every[call](t.Context(), test.client(t)); err == nil || Retryable(err) != test.want {
					t.Errorf("%s: Retryable(%v) is not %t", call, err, test.want)
				}
			}
		})
	}
}
