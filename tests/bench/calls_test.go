package bench

import (
	"context"
	"fmt"
	"strings"
)

// value is what is written and read: an address, as service registries hold it.
const value = "http://10.0.0.1:8080"

// group is the works of one table and plot.
type group struct {
	title string
	works []work
}

// calls measures calls on single keys, by as many goroutines as are given.
func calls(ctx context.Context, s scale, clients []client, goroutines int) (group, error) {
	title := "One goroutine"
	if goroutines > 1 {
		title = fmt.Sprintf("%d goroutines", goroutines)
	}
	if goroutines > 8 {
		s.batch *= longBatches
	}
	g := group{title: title}
	kinds := []struct {
		name string
		make func(c client, key string) operation
	}{
		{"GET", func(c client, key string) operation { return getting(ctx, c, key, false) }},
		{"quorum GET", func(c client, key string) operation { return getting(ctx, c, key, true) }},
		{"SET", func(c client, key string) operation { return setting(ctx, c, key, value) }},
		{"compare-and-swap", func(c client, key string) operation { return swapping(ctx, c, key) }},
	}
	for _, kind := range kinds {
		contenders, err := eachWith(ctx, clients, goroutines, kind.make)
		if err != nil {
			return g, err
		}
		w, err := compare(kind.name, s, contenders)
		if err != nil {
			return g, err
		}
		g.works = append(g.works, w)
	}
	return g, nil
}

// eachWith returns the clients that have calls on single keys, with a worker for each goroutine on a key of its own.
func eachWith(ctx context.Context, clients []client, goroutines int, operation func(client, string) operation) ([]contender, error) {
	var contenders []contender
	for _, c := range clients {
		if c.get == nil {
			continue
		}
		next := contender{name: c.name}
		for i := range goroutines {
			key := fmt.Sprintf("/calls/%s/service-%02d", lettersOf(c.name), i)
			if _, err := c.set(ctx, key, value); err != nil {
				return nil, err
			}
			next.workers = append(next.workers, operation(c, key))
		}
		contenders = append(contenders, next)
	}
	return contenders, nil
}

func getting(ctx context.Context, c client, key string, quorum bool) operation {
	return func() error {
		length, err := c.get(ctx, key, quorum)
		if err == nil && length < len(value) {
			err = fmt.Errorf("a value of %d bytes", length)
		}
		return err
	}
}

func setting(ctx context.Context, c client, key, value string) operation {
	return func() error {
		_, err := c.set(ctx, key, value)
		return err
	}
}

// swapping returns a chain of compare-and-swaps of a key, each with the index of the one before.
func swapping(ctx context.Context, c client, key string) operation {
	var index uint64
	return func() (err error) {
		if index == 0 {
			index, err = c.set(ctx, key, value)
			return err
		}
		index, err = c.swap(ctx, key, value, index)
		return err
	}
}

// lettersOf leaves the letters of a name, for keys.
func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, name)
}

// largeValues measures calls with values of a MiB.
func largeValues(ctx context.Context, s scale, clients []client) (group, error) {
	g := group{title: "Values of 1 MiB"}
	s.batch *= longBatches
	large := strings.Repeat("etcd v2 ", 1<<17)
	var get, set []contender
	for _, c := range clients {
		if c.get == nil || c.name == limit { // which cannot read chunked replies
			continue
		}
		if _, err := c.set(ctx, "/large", large); err != nil {
			return g, err
		}
		get = append(get, contender{c.name, []operation{getting(ctx, c, "/large", false)}})
		set = append(set, contender{c.name, []operation{setting(ctx, c, "/large", large)}})
	}
	var err error
	g.works, err = compareAll(s, map[string][]contender{"GET": get, "SET": set}, "GET", "SET")
	return g, err
}

// compareAll compares the contenders of several works, in the order of names.
func compareAll(s scale, contenders map[string][]contender, names ...string) ([]work, error) {
	var works []work
	for _, name := range names {
		w, err := compare(name, s, contenders[name])
		if err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, nil
}
