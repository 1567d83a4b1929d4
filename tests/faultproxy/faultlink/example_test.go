package faultlink_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, faultlink.Leaks()...) }

// The request arrives and no reply comes, until the link is whole again.
func TestReplyThatIsLost(t *testing.T) {
	arrived := make(chan bool, 10)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- true }))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(ctx context.Context, url string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}

	link := faultlink.New(t, server.URL)
	if err := link.Break(faultlink.LoseReplies); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	go func() {
		<-arrived
		cancel()
	}()
	if err := ask(ctx, link.URL()); err == nil {
		t.Error("a reply came")
	}
	link.Heal()
	if err := ask(t.Context(), link.URL()); err != nil {
		t.Error(err)
	}
}
