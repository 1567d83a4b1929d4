package etcdtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A prepared member joins when the cluster has been told of it.
func TestNewMemberJoins(t *testing.T) {
	for name, options := range map[string][]Option{"3.5.35": nil, "2.3.8": {WithBinary(Build(t, Etcd23))}} {
		t.Run(name, func(t *testing.T) {
			c := Start(t, options...)
			m, err := c.NewMember()
			if err != nil {
				t.Fatal(err)
			}
			if m.Name() != "m2" || len(c.Members()) != 2 {
				t.Errorf("%s is one of %d", m.Name(), len(c.Members()))
			}
			body := strings.NewReader(`{"peerURLs":["` + m.PeerURL() + `"]}`)
			resp, err := c.http.Post(c.Endpoints()[0]+"/v2/members", "application/json", body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusCreated {
				t.Fatalf("status %d", resp.StatusCode)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			for range 2 { // it comes back after a stop as well
				if err := m.Restart(ctx); err != nil {
					t.Fatal(err)
				}
				if err := m.Stop(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
