package election_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
)

// ctx bounds the examples' calls; a program has one with a deadline.
var ctx = context.Background()

// connect returns a client of the server that the examples run against.
func connect() *etcd.Client {
	client, err := etcd.New(etcd.Config{Endpoints: []string{os.Getenv("ETCD_EXAMPLES_ENDPOINT")}})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

// Lead whenever elected, for as long as the program runs.
func ExampleElection_Run() {
	client := connect()
	defer client.Close()

	e := election.New(client, "/elections/mysql", election.WithTTL(10*time.Second))
	err := e.Run(ctx, "db-1", func(_ context.Context, term *election.Term) error {
		fmt.Println(term.Name(), "leads, with a fencing token:", term.Token() > 0)
		return errors.New("shutting down") // or work until ctx ends
	})
	fmt.Println(err)
	// Output:
	// db-1 leads, with a fencing token: true
	// shutting down
}

// Campaign, publish an address when ready, and resign.
func ExampleElection_Campaign() {
	client := connect()
	defer client.Close()

	e := election.New(client, "/elections/campaign")
	term, err := e.Campaign(ctx, "db-1")
	if err != nil {
		log.Fatal(err)
	}
	if err := term.Proclaim(ctx, "db-1 10.0.0.1:3306"); err != nil {
		log.Fatal(err)
	}
	leader, err := e.Leader(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(leader.Name)
	if err := term.Resign(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = e.Leader(ctx)
	fmt.Println(errors.Is(err, election.ErrNoLeader))
	// Output:
	// db-1 10.0.0.1:3306
	// true
}

// Follow the leader.
func ExampleElection_Observe() {
	client := connect()
	defer client.Close()

	e := election.New(client, "/elections/observed")
	for leader, err := range e.Observe(ctx) {
		if err != nil {
			log.Fatal(err) // ctx is over
		}
		if !leader.Elected() {
			fmt.Println("no leader")
			if _, err := e.Campaign(ctx, "db-1"); err != nil {
				log.Fatal(err)
			}
			continue
		}
		fmt.Println(leader.Name)
		break
	}
	// Output:
	// no leader
	// db-1
}
