// Command reload shows how a service reloads its configuration while it runs. It mirrors a directory of etcd and puts
// each new state into force as a whole. If a state is invalid, the one before stays in force.
//
//	go run ./reload -endpoints http://127.0.0.1:2379 -dir /config/web
//
// Change the configuration with any client of etcd:
//
//	etcdctl set /config/web/level debug
//	etcdctl set /config/web/timeout 3s
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/etcd"
)

var (
	endpoints = flag.String("endpoints", "http://127.0.0.1:2379", "client URLs of etcd members, separated by commas")
	dir       = flag.String("dir", "/config/web", "directory with the configuration")
)

// config is the configuration of the service. It never changes; a new one replaces it.
type config struct {
	level   slog.Level
	timeout time.Duration
}

// current is the configuration in force, for the rest of the service to load.
var current atomic.Pointer[config]

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(*endpoints, ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	mirror, err := client.Mirror(ctx, *dir)
	if err != nil {
		return err
	}
	defer mirror.Close()

	for snapshot, err := range mirror.Snapshots(ctx) {
		if err != nil {
			return err
		}
		next, err := parse(snapshot)
		if err != nil {
			fmt.Println("rejected:", err)
			continue
		}
		current.Store(next)
		fmt.Println("in force: level", next.level, "timeout", next.timeout)
	}
	return nil
}

// parse reads a configuration. Keys that do not exist have their defaults.
func parse(snapshot etcd.Snapshot) (*config, error) {
	c := &config{level: slog.LevelInfo, timeout: 10 * time.Second}
	for leaf := range snapshot.Leaves() {
		var err error
		switch strings.TrimPrefix(leaf.Key, *dir+"/") {
		case "level":
			err = c.level.UnmarshalText([]byte(leaf.Value))
		case "timeout":
			c.timeout, err = time.ParseDuration(leaf.Value)
		default:
			err = fmt.Errorf("no such setting")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", leaf.Key, err)
		}
	}
	return c, nil
}
