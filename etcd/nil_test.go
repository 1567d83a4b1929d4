package etcd

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// An option that depends on a condition is nil where that does not hold.
func TestNilOptionsChangeNothing(t *testing.T) {
	for name, call := range map[string]func(c *Client, t *testing.T) error{
		"GET /v2/keys/k": func(c *Client, t *testing.T) error {
			_, err := c.Get(t.Context(), "/k", nil, nil)
			return err
		},
		"PUT /v2/keys/k value=v": func(c *Client, t *testing.T) error {
			var expiry TTLOption
			_, err := c.Set(t.Context(), "/k", "v", expiry)
			return err
		},
		"PUT /v2/keys/k?prevExist=false value=v": func(c *Client, t *testing.T) error {
			_, err := c.Create(t.Context(), "/k", "v", nil)
			return err
		},
		"PUT /v2/keys/k?prevExist=true value=v": func(c *Client, t *testing.T) error {
			_, err := c.Update(t.Context(), "/k", "v", nil)
			return err
		},
		"PUT /v2/keys/k?prevIndex=3 value=v": func(c *Client, t *testing.T) error {
			_, err := c.CompareAndSwap(t.Context(), "/k", "v", Prev{Index: 3}, nil)
			return err
		},
		"POST /v2/keys/k value=v": func(c *Client, t *testing.T) error {
			_, err := c.CreateInOrder(t.Context(), "/k", "v", nil)
			return err
		},
		"PUT /v2/keys/k?prevExist=false dir=true": func(c *Client, t *testing.T) error {
			_, err := c.CreateDir(t.Context(), "/k", nil)
			return err
		},
		"DELETE /v2/keys/k": func(c *Client, t *testing.T) error {
			var recursive RecursiveOption
			_, err := c.Delete(t.Context(), "/k", recursive, nil)
			return err
		},
		"GET /v2/keys/k?quorum=true": func(c *Client, t *testing.T) error { // and ends with its function's error
			failed := errors.New("failed")
			_, err := c.Modify(t.Context(), "/k", func(string) (string, error) { return "", failed }, nil)
			check(t, "is the function's error", errors.Is(err, failed), true)
			return nil
		},
		"GET /v2/keys/k?wait=true&waitIndex=4": func(c *Client, t *testing.T) error {
			_, err := c.WatchOnce(t.Context(), "/k", WithAfterIndex(3), nil)
			return err
		},
	} {
		reply := granting(4)
		if strings.Contains(name, "wait=true") {
			reply = file("set", "/k", "v", 4)
		}
		s := serve(t, reply)
		if err := call(connect(t, s.url), t); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		check(t, "requests", expected(s.got(), []string{name}), []string{name})
	}
}

// Nothing is sent for a function that cannot be called later.
func TestNilFunctionsAreRefused(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 4))
	client := connect(t, s.url)
	mirror, err := client.Mirror(t.Context(), "/k")
	if err != nil {
		t.Fatal(err)
	}
	defer mirror.Close()
	_, err = mirror.WaitFor(t.Context(), "/k", nil)
	checkIs(t, err, ErrInvalidArgument)
	before := len(s.got())
	_, err = client.Modify(t.Context(), "/k", nil)
	checkIs(t, err, ErrInvalidArgument)
	check(t, "requests of a Modify", expected(s.got()[before:], nil), []string{})
}

// Values that users can come by without a constructor.
func TestZeroValuesCanBeUsed(t *testing.T) {
	var node *Node
	for range node.Children() {
		t.Error("a nil node has children")
	}
	for range node.Walk() {
		t.Error("a nil node has nodes")
	}
	for range (Snapshot{}).Leaves() {
		t.Error("an empty snapshot has files")
	}
	for _, err := range []error{
		&Error{}, &ClusterError{}, &WatchError{}, &HealthError{}, ErrorCode(0),
	} {
		if err.Error() == "" {
			t.Errorf("%T without a text", err)
		}
		Retryable(err)
	}
	for _, event := range []Event{
		AttemptStarted{}, AttemptEnded{}, MemberSetAside{}, MemberBack{}, Synced{}, WatchLag{}, WatchReopened{}, MirrorResynced{},
	} {
		check(t, "kind", event.LogValue().Kind(), slog.KindGroup)
	}
	check(t, "change", Change{}.Type.String(), "unknown")
	check(t, "outcome", AttemptEnded{}.Outcome.String(), "answered")
	resolver, _ := brokenDNS()
	_, err := Discovery{Resolver: resolver}.Endpoints(t.Context())
	checkNot(t, err)
	if config, err := (TLSFiles{}).Config(); err != nil || config == nil {
		t.Errorf("TLS without files: %v, %v", config, err)
	}
}

func TestLogObserverWithoutALogger(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	LogObserver(nil).Observe(MemberBack{Endpoint: "http://a"})
	if !bytes.Contains(log.Bytes(), []byte("etcd: member back")) {
		t.Errorf("logged %q", log.String())
	}
}
