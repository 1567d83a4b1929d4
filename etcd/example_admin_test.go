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

// List the members, and who has not started yet.
func ExampleClient_Members() {
	client := connect()
	defer client.Close()

	members, err := client.Members(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range members {
		fmt.Println(m.Name, "has started:", len(m.ClientURLs) > 0)
	}
	// Output: m1 has started: true
}

// Ask the leader which followers it cannot reach.
func ExampleClient_LeaderStats() {
	client := connect()
	defer client.Close()

	stats, err := client.LeaderStats(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for id, follower := range stats.Followers {
		if follower.Failed > 0 {
			fmt.Println(id, "has missed", follower.Failed, "messages; the others took", follower.Latency.Average)
		}
	}
	fmt.Println("followers:", len(stats.Followers))
	// Output: followers: 0
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

// Switch authentication on, and keep out who has no credentials.
func ExampleAuth_Enable() {
	root, err := etcd.New(etcd.Config{Endpoints: []string{"https://10.0.0.1:2379"}, Username: "root", Password: "a secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()

	auth := root.Auth()
	if err := auth.CreateUser(ctx, "root", "a secret"); err != nil && !errors.Is(err, etcd.ErrUserExists) {
		log.Fatal(err)
	}
	if err := auth.Enable(ctx); err != nil {
		log.Fatal(err)
	}
	// Who has no credentials has the role guest, which may do everything at first.
	if err := auth.DeleteRole(ctx, "guest"); err != nil && !errors.Is(err, etcd.ErrRoleNotFound) {
		log.Fatal(err)
	}
}

// Read everything below a directory as a user who may do just that: the directory's name ends in a slash.
func ExamplePermissions() {
	alice, err := etcd.New(etcd.Config{Endpoints: []string{"https://10.0.0.1:2379"}, Username: "alice", Password: "a secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()

	// Her role has the pattern "/app/*", which matches "/app/" and not "/app".
	app, err := alice.Mirror(ctx, "/app/")
	if err != nil {
		log.Fatal(err)
	}
	defer app.Close()
	for node := range app.Range("/app") {
		fmt.Println(node.Key, node.Value)
	}
}
