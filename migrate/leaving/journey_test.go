package leaving_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/internal/entries"
	"github.com/etcdv2/client/tests/etcdtest"
)

var errNotYet = errors.New("not yet")

// startLimit bounds the start of a member that may not start.
const startLimit = 20 * time.Second

// A journey is a cluster on its way from v2 to 3.6.
type journey struct {
	*testing.T
	cluster *etcdtest.Cluster
	client  *etcd.Client
}

// The tree that it begins with.
var (
	leaves  = map[string]string{"/app/a": "1", "/app/sub/b": "2", "/other": "3", "/app/_secret": "4", "/_locks/l": "5"}
	mortal  = "/app/session" // has a TTL
	empty   = "/app/empty"
	topmost = []string{"/app", "/other", "/_locks"} // what to delete; the hidden one by name
)

// begin starts a cluster with v2 data, a user and a role.
func begin(t *testing.T, members int) *journey {
	t.Helper()
	j := &journey{T: t, cluster: etcdtest.Start(t, etcdtest.WithMembers(members))}
	j.client = connect(t, j.cluster.Endpoints()...)
	ctx := t.Context()
	for key, value := range leaves {
		_, err := j.client.Set(ctx, key, value)
		j.must(err)
	}
	_, err := j.client.Set(ctx, mortal, "6", etcd.WithTTL(time.Hour))
	j.must(err)
	_, err = j.client.CreateDir(ctx, empty)
	j.must(err)
	j.must(j.client.Auth().CreateUser(ctx, "root", "secret"))
	return j
}

func (j *journey) must(err error) {
	j.Helper()
	if err != nil {
		j.Fatal(err)
	}
}

// deleteAll deletes what the v2 API can delete: keys, hidden keys by name, users and roles.
// What is deleted already does not matter.
func (j *journey) deleteAll(except ...string) {
	j.Helper()
	for _, key := range topmost {
		if slices.Contains(except, key) {
			continue
		}
		if _, err := j.client.Delete(j.Context(), key, etcd.WithRecursive()); !errors.Is(err, etcd.ErrKeyNotFound) {
			j.must(err)
		}
	}
	if err := j.client.Auth().DeleteUser(j.Context(), "root"); !errors.Is(err, etcd.ErrUserNotFound) {
		j.must(err)
	}
}

// restart starts each member in turn with other options.
func (j *journey) restart(opts ...etcdtest.Option) {
	j.Helper()
	for _, m := range j.cluster.Members() {
		j.must(m.Stop())
		j.must(restarted(j.Context(), m, opts...))
	}
}

// upgrade takes one member after the other to 3.6, if the check finds nothing.
func (j *journey) upgrade() error {
	j.Helper()
	for _, m := range j.cluster.Members() {
		j.must(m.Stop())
		if err := entries.Check(j.T, m.DataDir()); err != nil {
			return fmt.Errorf("member %s: %w", m.Name(), err)
		}
		j.must(restarted(j.Context(), m, j.v36()))
	}
	return nil
}

// refused checks that 3.6 does not start with the data of the first member, that it says why, and that the check says so before.
func (j *journey) refused(check, why string) {
	j.Helper()
	m := j.cluster.Members()[0]
	j.must(m.Stop())
	if err := entries.Check(j.T, m.DataDir()); err == nil || !strings.Contains(err.Error(), check) {
		j.Errorf("the check says %v, want %q", err, check)
	}
	if err := restarted(j.Context(), m, j.v36()); err == nil || !strings.Contains(err.Error(), why) {
		j.Errorf("3.6 starts, or says another reason: %v, want %q", err, why)
	}
}

// recover goes back to 3.5 with the same data, does all that was left out, and gets to 3.6.
func (j *journey) recover() {
	j.Helper()
	for _, m := range j.cluster.Members() {
		j.must(m.Stop())
		j.must(m.Configure(j.Context()))
	}
	j.must(j.cluster.Restart(j.Context()))
	j.deleteAll()
	j.restart(etcdtest.WithoutV2(), etcdtest.WithSnapshotCount(1))
	j.must(j.upgrade())
}

func (j *journey) v36() etcdtest.Option {
	return etcdtest.WithBinary(etcdtest.Build(j.T, etcdtest.Etcd36))
}

func restarted(ctx context.Context, m *etcdtest.Member, opts ...etcdtest.Option) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := m.Configure(ctx, opts...); err != nil {
		return err
	}
	return m.Restart(ctx)
}

// copyToV3 puts the values into the v3 store of the same cluster, which v3 clients read from then on.
func (j *journey) copyToV3() {
	j.Helper()
	for key, value := range leaves {
		_, err := v3(j.Context(), j.cluster.Endpoints()[0], "kv/put", map[string]string{"key": b64(key), "value": b64(value)})
		j.must(err)
	}
}

// serves36 checks that each member runs 3.6 and has the values.
func (j *journey) serves36() {
	j.Helper()
	for _, endpoint := range j.cluster.Endpoints() {
		has(j.T, endpoint)
	}
}

// has checks that a 3.6 serves the values at the endpoint.
func has(t *testing.T, endpoint string) {
	t.Helper()
	if got, err := connect(t, endpoint).Version(t.Context()); err != nil || got.Server != string(etcdtest.Etcd36) {
		t.Errorf("%s runs %v, %v", endpoint, got, err)
	}
	for key, value := range leaves {
		reply, err := v3(t.Context(), endpoint, "kv/range", map[string]string{"key": b64(key)})
		if err != nil || len(reply.KVs) != 1 || reply.KVs[0].Value != b64(value) {
			t.Errorf("%s has %v at %s, want %q, %v", endpoint, reply, key, value, err)
		}
	}
}

type v3Reply struct {
	KVs []struct{ Value string }
}

// v3 asks the v3 API in JSON.
func v3(ctx context.Context, endpoint, call string, question any) (reply v3Reply, err error) {
	body, err := json.Marshal(question)
	if err != nil {
		return reply, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+path.Join("/v3", call), strings.NewReader(string(body)))
	if err != nil {
		return reply, err
	}
	req.Close = true // no connection is left when the test ends
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("%s is answered with status %d", call, resp.StatusCode)
	}
	return reply, json.NewDecoder(resp.Body).Decode(&reply)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
