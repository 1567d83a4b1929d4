// A program that uses the library.
package main

import (
	"fmt"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
)

func main() {
	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:2379"}})
	fmt.Println(client.Endpoints(), err, election.New(client, "/leader") != nil)
}
