package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// counts counts what happens, by kind.
type counts struct {
	mu sync.Mutex
	of map[string]int
}

func (c *counts) add(kind string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[kind] += n
}

// String returns the kinds in order, as in "cut 3, dead 5".
func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(c.of)) {
		all = append(all, fmt.Sprint(kind, " ", c.of[kind]))
	}
	return strings.Join(all, ", ")
}
