package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// anywhere are the subjects that ask nothing special of a cluster.
var anywhere = []subject{
	reading, heading, writing, queueing, naming, comparing, deleting, directories, expiring, watching, streaming, asking, refusing,
}

// checkStranger runs the suite on somebody's own cluster: all that is harmless on the first endpoint, and what only reads on
// the others. Keys are touched below one random prefix, which is removed in the end.
func checkStranger(t *testing.T, endpoints []string) {
	for i, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(u.Host, func(t *testing.T) {
			on, err := stranger(t, u)
			if err != nil {
				t.Fatal(err)
			}
			on.readOnly = i > 0 || os.Getenv("CONTRACT_READONLY") != ""
			fmt.Printf("contract: %s is etcd %v", u.Host, on.version)
			if on.readOnly {
				fmt.Print("; nothing is written\n")
			} else {
				fmt.Printf("; keys are written below %s alone, which is removed in the end\n", on.dir)
				t.Cleanup(func() { on.clean(t) })
			}
			tally := newTally(u.Host)
			t.Cleanup(tally.print)
			for _, s := range anywhere {
				t.Run(s.name, func(t *testing.T) { runSubject(t, s, on, tally) })
			}
			for _, s := range subjects {
				if !isAnywhere(s) {
					tally.skip("it wants a server of its own", s.name)
				}
			}
		})
	}
}

func isAnywhere(s subject) bool {
	for _, other := range anywhere {
		if other.name == s.name {
			return true
		}
	}
	return false
}

// stranger returns somebody's server. Credentials stand in its URL, and TLS files in the environment.
func stranger(t *testing.T, u *url.URL) (*server, error) {
	on := newServer(t, &release{}, u.Scheme+"://"+u.Host)
	on.stranger, on.user = true, u.User
	files := etcd.TLSFiles{CA: os.Getenv("ETCD_CA_FILE"), Cert: os.Getenv("ETCD_CERT_FILE"), Key: os.Getenv("ETCD_KEY_FILE")}
	if files != (etcd.TLSFiles{}) {
		config, err := files.Config()
		if err != nil {
			return nil, err
		}
		on.http.TLSClientConfig = config
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return on, on.identify(ctx)
}

// identify learns the server's version, and says why the suite cannot run on it. It asks nothing that does harm
// anywhere: a server that is older than the tables is asked for its version alone.
func (s *server) identify(ctx context.Context) error {
	untold := s.learnVersion(ctx)
	if untold == nil && s.version.in("<2.0") {
		return fmt.Errorf("the server is etcd %v, and the tables are of 2.0 and later: nothing else was asked", s.version)
	}
	if err := s.serves(ctx); err != nil {
		return err
	}
	return untold
}

// serves says why the suite cannot run on the server.
func (s *server) serves(ctx context.Context) error {
	r := &run{server: s, dir: s.dir, http: s.http}
	got, err := r.send(ctx, "HEAD /nothing", reply{}, 0, nil)
	switch {
	case err != nil:
		return err
	case got.status == http.StatusUnauthorized:
		return errors.New("the server wants credentials, or other ones: put them into the URL, http://user:password@host:port")
	case got.header.Get("X-Etcd-Index") == "":
		return errors.New("the server does not speak the v2 API; etcd 3.4 and 3.5 do with --enable-v2")
	}
	// The emulation has no raft of its own.
	if got, err = r.send(ctx, "HEAD /v2/keys/", reply{}, 0, nil); err == nil && got.header.Get("X-Raft-Term") == "0" {
		return errors.New("the server emulates v2 on its v3 store (--experimental-enable-v2v3): that is another " +
			"implementation, which the tables do not describe")
	}
	return err
}

// learnVersion asks the server for its version: JSON, or before 2.1 a line of text, or before 2.0.8 JSON of another kind.
func (s *server) learnVersion(ctx context.Context) error {
	r := &run{server: s, http: s.http}
	got, err := r.send(ctx, "GET /version", reply{}, 0, nil)
	if err != nil {
		return err
	}
	text, ok := field(got.fields, []string{"etcdserver"})
	if !ok {
		text, ok = field(got.fields, []string{"releaseVersion"})
	}
	if !ok {
		text = strings.TrimPrefix(got.body, "etcd ")
	}
	s.version, err = parseVersion(text)
	return err
}

// clean removes the prefix.
func (s *server) clean(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := &run{server: s, dir: s.dir, http: s.http}
	got, err := r.send(ctx, "DELETE /?recursive=true", reply{}, 0, nil)
	if err != nil || got.status != http.StatusOK && got.status != http.StatusNotFound {
		t.Errorf("%s is left behind: %v %s", s.dir, err, got.body)
	}
}
