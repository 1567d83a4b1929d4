package sim

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// Chance is a source of random choices that several goroutines can use.
type Chance struct {
	seed uint64
	mu   sync.Mutex
	rnd  *rand.Rand
}

func newChance(seed uint64, name string) *Chance {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))
	return &Chance{seed: seed, rnd: rand.New(rand.NewPCG(seed, hash.Sum64()))}
}

// For returns a source with a name. What it draws depends on the seed and the name, and not on what others draw.
func (c *Chance) For(name string) *Chance { return newChance(c.seed, name) }

// Below returns a number from 0 to n-1.
func (c *Chance) Below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.IntN(n)
}

// Happens is true with the probability.
func (c *Chance) Happens(probability float64) bool { return probability > 0 && c.Part() < probability }

// Part returns a number from 0 to 1.
func (c *Chance) Part() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.Float64()
}

// Between returns a duration from a to b.
func (c *Chance) Between(a, b time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return a + time.Duration(c.rnd.Float64()*float64(b-a))
}

// About returns a duration that is mean on the average, and seldom much more.
func (c *Chance) About(mean time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(float64(mean) * -math.Log(1-c.rnd.Float64()))
}

// Pick returns one of the choices.
func Pick[T any](c *Chance, choices []T) T { return choices[c.Below(len(choices))] }
