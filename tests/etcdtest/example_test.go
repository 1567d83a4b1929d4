package etcdtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// A program that is not a test starts a cluster with New. Without options it is one etcd 3.5 in a process of its own.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // the first start on a machine builds etcd
	defer cancel()
	cluster, err := etcdtest.New(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	member := cluster.Members()[0]

	set, err := http.NewRequestWithContext(ctx, http.MethodPut, member.URL()+"/v2/keys/greeting", strings.NewReader("value=hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	set.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(set)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()

	// The data outlives the member's death.
	if err := member.Kill(); err != nil {
		fmt.Println(err)
	}
	if err := member.Restart(ctx); err != nil {
		fmt.Println(err)
	}
	resp, err = http.Get(member.URL() + "/v2/keys/greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(strings.Contains(string(body), `"value":"hello"`), err)
	http.DefaultClient.CloseIdleConnections()
	// Output: true <nil>
}
