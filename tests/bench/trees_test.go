package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// treeSizes are the numbers of nodes below the directories that are read.
var treeSizes = []int{1, 100, 10_000, 100_000}

// trees measures recursive reads.
func trees(ctx context.Context, s scale, clients []client) (group, error) {
	g := group{title: "Recursive GET"}
	s.batch *= longBatches
	for _, size := range treeSizes {
		if size > s.tree {
			break
		}
		dir := treeDir(size)
		if err := plant(ctx, clients[0], dir, size); err != nil {
			return g, err
		}
		var contenders []contender
		for _, c := range clients {
			if c.list != nil {
				contenders = append(contenders, contender{c.name, []operation{func() error { return c.list(ctx, dir) }}})
			}
		}
		w, err := compare(treeWork(size), s, contenders)
		if err != nil {
			return g, err
		}
		g.works = append(g.works, w)
	}
	return g, nil
}

func treeDir(size int) string { return fmt.Sprintf("/tree-%d", size) }

func treeWork(size int) string {
	if size == 1 {
		return "1 node"
	}
	return grouped(size) + " nodes"
}

// plant writes a tree of files, a hundred to a directory.
func plant(ctx context.Context, c client, dir string, size int) error {
	const writers = 32
	var errs [writers]error
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := w; i < size && errs[w] == nil; i += writers {
				_, errs[w] = c.set(ctx, fmt.Sprintf("%s/%03d/service-%02d", dir, i/100, i%100), value)
			}
		})
	}
	writing.Wait()
	return errors.Join(errs[:]...)
}
