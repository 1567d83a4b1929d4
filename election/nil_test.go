package election

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/etcd"
)

func TestRunWithoutALeadIsRefused(t *testing.T) {
	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var absent Option
	if err := New(client, "/e", absent).Run(t.Context(), "me", nil); !errors.Is(err, etcd.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

func TestElectionWithoutAClientIsRefused(t *testing.T) {
	if _, err := New(nil, "/e").Leader(t.Context()); !errors.Is(err, etcd.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}
