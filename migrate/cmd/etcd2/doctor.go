package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/doctor"
	"github.com/etcdv2/client/migrate/v3tree"
)

const doctorText = `
Doctor examines a cluster that is to leave etcd v2: which members serve v2, who still speaks it, which keys, users and
roles are left, and what would be lost in v3. Name the client URL of each member, separated by commas.

It looks at the counters of each member twice and compares them, so let it run while your programs work as usual, and
again when they should have stopped. A longer --interval finds programs that speak seldom. Etcd counts operations, not
clients: doctor says at which endpoint something reads or watches, and not what it is.

It leaves no entry in the cluster's log. Each member's own data directory remains to be checked: stop the member, and run
etcdutl check v2store, 3.5.32 or later.

The exit code is 0 if nothing that doctor can see is in the way of etcd 3.6, and 1 if something is.`

func examine(ctx context.Context, args []string, s streams) error {
	var a access
	opts := doctor.Options{}
	f := newFlags(s, "doctor [FLAGS] http://host:2379[,http://…]", doctorText)
	f.DurationVar(&opts.Interval, "interval", 10*time.Second, "the time between the two looks")
	f.Var((*list)(&opts.Hidden), "hidden", "a hidden `key` to look for, too, by path or by name; can be repeated")
	f.IntVar(&opts.LargestValue, "v3-max-request-bytes", 3<<19, "--max-request-bytes of the v3 servers")
	var rules list
	f.Var(&rules, "map", "a `rule` of import, such as /app=app/: doctor lists the keys that none fits; can be repeated (default: all keys fit)")
	a.flags(f)
	operands, err := parse(f, s, args, 1)
	if err != nil {
		return err
	}
	if opts.Interval <= 0 {
		return usagef("--interval %v is not positive", opts.Interval)
	}
	mapping, err := v3tree.ParseMapping(rules...)
	if err != nil {
		return usageError{err}
	}
	opts.Maps = func(key string) bool {
		_, ok := mapping.Key(key)
		return ok
	}
	opts.Endpoints = strings.Split(operands[0], ",")
	opts.Connect = func(endpoints ...string) (*etcd.Client, error) { return a.client(strings.Join(endpoints, ","), "") }
	if a.tls != (etcd.TLSFiles{}) {
		config, err := a.tls.Config()
		if err != nil {
			return err
		}
		opts.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	}
	progress := sync.OnceValue(func() *progress { return newProgress(s, "examined") }) // it begins after the second look
	opts.Progress = func(key string) { progress().step(key) }
	s.warn("looking at %d endpoints, and again in %v", len(opts.Endpoints), opts.Interval)
	report, err := doctor.Examine(ctx, opts)
	if err != nil {
		return err
	}
	if err := report.Print(s.out); err != nil {
		return err
	}
	if len(report.Findings()) > 0 {
		return errNotRight
	}
	return nil
}
