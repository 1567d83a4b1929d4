package etcd_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/etcdv2/client/etcd"
)

// Ask every member whether it is well. Where one is not, the error names it.
func ExampleClient_Health() {
	client := connect()
	defer client.Close()

	members, err := client.Health(ctx)
	if errors.Is(err, etcd.ErrUnhealthy) {
		log.Print(err)
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println("asked:", len(members))
	// Output: asked: 1
}

// Replace a member that is lost: remove it, add another, then start that.
func ExampleClient_AddMember() {
	client := connect()
	defer client.Close()

	replace := func(lost, peerURL string) error {
		if err := client.RemoveMember(ctx, lost); err != nil && !errors.Is(err, etcd.ErrMemberRemoved) {
			return err
		}
		added, err := client.AddMember(ctx, peerURL)
		if err != nil {
			return err // after ErrOutcomeUnknown, Members tells whether it was added
		}
		fmt.Println("start it now, with --initial-cluster-state existing:", added.ID)
		return nil
	}
	err := replace("deadbeef", "http://10.0.0.4:2380")
	fmt.Println(errors.Is(err, etcd.ErrMemberNotFound))
	// Output: true
}

// Let a user read what is below /app, and write to its log.
func ExampleAuth() {
	client := connect()
	defer client.Close()

	auth := client.Auth()
	err := auth.CreateRole(ctx, "app", etcd.Permissions{Read: []string{"/app/*"}, Write: []string{"/app/log/*"}})
	if err != nil {
		log.Fatal(err)
	}
	if err := auth.CreateUser(ctx, "alice", "a secret", "app"); err != nil {
		log.Fatal(err)
	}
	alice, err := auth.User(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(alice.Name, alice.Roles)

	err = auth.CreateUser(ctx, "alice", "another secret")
	fmt.Println(errors.Is(err, etcd.ErrUserExists))
	// Output:
	// alice [app]
	// true
}
