package etcd_test

import (
	"fmt"
	"log"

	"github.com/etcdv2/client/etcd"
)

// Know at every moment which services are up, and do something when one comes or goes.
func Example_followRegistry() {
	client := connect()
	defer client.Close()
	for _, service := range []string{"/services/db/1", "/services/web/1"} {
		if _, err := client.Set(ctx, service, "http://10.0.0.1:80"); err != nil {
			log.Fatal(err)
		}
	}

	mirror, err := client.Mirror(ctx, "/services")
	if err != nil {
		log.Fatal(err)
	}
	defer mirror.Close()
	for service := range mirror.Range("/services/web") { // costs no request
		if !service.Dir {
			fmt.Println("known:", service.Key)
		}
	}

	// One more comes, and the database goes.
	if _, err := client.Set(ctx, "/services/web/2", "http://10.0.0.2:80"); err != nil {
		log.Fatal(err)
	}
	last, err := client.Delete(ctx, "/services/db", etcd.WithRecursive())
	if err != nil {
		log.Fatal(err)
	}
	if err := mirror.WaitIndex(ctx, last.Index); err != nil { // the mirror has come as far as these writes
		log.Fatal(err)
	}

	for change, err := range mirror.Changes(ctx) { // begins with what is there
		if err != nil {
			log.Fatal(err) // ctx is over, or the mirror has ended
		}
		if change.New != nil && !change.New.Dir {
			fmt.Println(change.Type, change.Key, "at", change.New.Value)
		}
		if change.Key == "/services/web/2" {
			break
		}
	}
	// Output:
	// known: /services/web/1
	// created /services/web/1 at http://10.0.0.1:80
	// created /services/web/2 at http://10.0.0.2:80
}

// Take up a changed configuration while the program runs.
func Example_reloadConfiguration() {
	client := connect()
	defer client.Close()
	if _, err := client.Set(ctx, "/service/config/level", "info"); err != nil {
		log.Fatal(err)
	}

	mirror, err := client.Mirror(ctx, "/service/config")
	if err != nil {
		log.Fatal(err)
	}
	defer mirror.Close()
	for change, err := range mirror.Changes(ctx) {
		switch {
		case err != nil:
			log.Fatal(err)
		case change.Type == etcd.ChangeResynced:
			log.Print("the configuration was read again: ", change.Err)
			continue
		case change.Key != "/service/config/level":
			continue
		case change.New == nil:
			fmt.Println("back to the default level")
			return
		}
		fmt.Println("level is now", change.New.Value)

		// Somebody changes it once, and then drops it.
		if change.New.Value == "info" {
			_, err = client.Set(ctx, "/service/config/level", "debug")
		} else {
			_, err = client.Delete(ctx, "/service/config/level")
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// level is now info
	// level is now debug
	// back to the default level
}
