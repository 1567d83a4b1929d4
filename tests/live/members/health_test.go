package members_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestHealthNamesWhoIsStopped(t *testing.T) {
	eachVersion(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := live.Client(t, cluster.Endpoints()...)
		live.Eventually(t, "all members are well", func() bool {
			all, err := client.Health(t.Context())
			return err == nil && len(all) == 3
		})

		stopped := cluster.Members()[1]
		if err := stopped.Stop(); err != nil {
			t.Fatal(err)
		}
		live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
		var sick *etcd.HealthError
		live.Eventually(t, "only the stopped member is sick", func() bool {
			all, err := client.Health(t.Context())
			return len(all) == 3 && errors.As(err, &sick) && len(sick.Sick) == 1
		})
		if !errors.Is(sick, etcd.ErrUnhealthy) || sick.Sick[0].Member.Name != stopped.Name() || sick.Sick[0].Endpoint != stopped.URL() {
			t.Errorf("the sick one is %+v, %v", sick.Sick[0], sick)
		}
		if text := sick.Error(); !strings.Contains(text, stopped.Name()+" at "+stopped.URL()) {
			t.Errorf("the error is %q", text)
		}

		// The last one runs, and knows that it has lost the others.
		if err := cluster.Members()[2].Stop(); err != nil {
			t.Fatal(err)
		}
		left := cluster.Members()[0]
		live.Eventually(t, "the last member says that it is not well", func() bool {
			all, err := client.Health(t.Context())
			var reply *etcd.Error
			for _, h := range all {
				if h.Endpoint == left.URL() && errors.As(h.Err, &reply) && reply.StatusCode == 503 {
					return len(all) == 3 && errors.As(err, &sick) && len(sick.Sick) == 3
				}
			}
			return false
		})

		// With none left, the list cannot be had either.
		if err := left.Stop(); err != nil {
			t.Fatal(err)
		}
		all, err := client.Health(t.Context())
		var unlisted *etcd.ClusterError
		if len(all) != 3 || !errors.Is(err, etcd.ErrUnhealthy) || !errors.As(err, &unlisted) || unlisted.Path != "/v2/members" {
			t.Errorf("with no member left: %+v, %v", all, err)
		}
	})
}

func TestHealthWithTLS(t *testing.T) {
	ca := etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithTLS(ca))
	config := live.Must[*tls.Config](t)(etcd.TLSFiles{CA: ca.File()}.Config())
	client := live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), TLS: config})
	if all, err := client.Health(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v", all, err)
	}
}
