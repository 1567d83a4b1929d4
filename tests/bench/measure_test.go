package bench

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// operation is what is timed, by one worker.
type operation func() error

// contender is a client at one piece of work.
type contender struct {
	name    string
	workers []operation
}

// sample is what one operation cost in one round.
type sample struct {
	time          time.Duration
	cpu           time.Duration // of this process, where it can be told
	allocs, bytes float64
}

// result is what a contender's rounds came to.
type result struct {
	name    string
	samples []sample
}

// work is a row of a table: the same for every contender.
type work struct {
	name    string
	results []result
}

// longBatches is how many times as long batches are as others where few operations fit in: of trees, of large values, and
// where many goroutines share the time. Each batch begins with a clean heap, and two or three reads of a tree, or ten
// calls of each goroutine, would have little of the collecting of garbage that goes with them.
const longBatches = 5

// compare lets contenders work in turns and returns what that cost. In every round each has a batch of the same
// number of operations, and they begin in another order. What else the machine does meanwhile so hits all alike, and
// the medians leave it out.
func compare(name string, s scale, contenders []contender) (work, error) {
	w := work{name: name}
	for _, c := range contenders {
		w.results = append(w.results, result{name: c.name})
	}
	ops, err := operations(s, contenders)
	if err != nil {
		return w, fmt.Errorf("%s: %w", name, err)
	}
	for round := range s.rounds {
		for i := range contenders {
			at := (i + round) % len(contenders)
			measured, err := batch(contenders[at], ops)
			if err != nil {
				return w, fmt.Errorf("%s, %s: %w", name, contenders[at].name, err)
			}
			w.results[at].samples = append(w.results[at].samples, measured)
		}
	}
	return w, nil
}

// operations warms all contenders up and returns how many operations each worker makes in a batch.
func operations(s scale, contenders []contender) (int, error) {
	most := time.Duration(1)
	for _, c := range contenders {
		for range 3 {
			measured, err := batch(c, 1)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", c.name, err)
			}
			if c.name == contenders[0].name {
				most = measured.time * time.Duration(len(c.workers))
			}
		}
	}
	return max(1, int(s.batch/most)), nil
}

// batch lets each worker make ops operations at the same time as the others.
func batch(c contender, ops int) (sample, error) {
	runtime.GC() // nobody pays for the garbage of others
	errs := make([]error, len(c.workers))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, busy := time.Now(), cpuTime()
	var working sync.WaitGroup
	for i, operate := range c.workers {
		working.Go(func() {
			for range ops {
				if err := operate(); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	working.Wait()
	took := time.Since(began)
	busy = cpuTime() - busy
	runtime.ReadMemStats(&after)
	n := float64(ops * len(c.workers))
	return sample{
		time:   time.Duration(float64(took) / n),
		cpu:    time.Duration(float64(busy) / n),
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, errors.Join(errs...)
}

// of returns the result of the contender with that name, nil if it did not take part.
func (w work) of(name string) *result {
	for i := range w.results {
		if w.results[i].name == name {
			return &w.results[i]
		}
	}
	return nil
}

// ratio returns how many times as long a took as b: the median of the rounds, in each of which both ran soon after
// each other.
func (w work) ratio(a, b string) float64 {
	return w.rounds(a, b, func(s sample) float64 { return float64(s.time) })
}

// allocRatio is the same of allocations.
func (w work) allocRatio(a, b string) float64 {
	return w.rounds(a, b, func(s sample) float64 { return s.allocs })
}

func (w work) rounds(a, b string, of func(sample) float64) float64 {
	var ratios []float64
	for i, s := range w.of(a).samples {
		ratios = append(ratios, of(s)/of(w.of(b).samples[i]))
	}
	return median(ratios)
}

func (r *result) median() sample {
	var times, cpu []time.Duration
	var allocs, bytes []float64
	for _, s := range r.samples {
		times, cpu = append(times, s.time), append(cpu, s.cpu)
		allocs, bytes = append(allocs, s.allocs), append(bytes, s.bytes)
	}
	return sample{median(times), median(cpu), median(allocs), median(bytes)}
}

// spread is half the distance between the quartiles of the times, as a part of their median.
func (r *result) spread() float64 {
	var times []time.Duration
	for _, s := range r.samples {
		times = append(times, s.time)
	}
	slices.Sort(times)
	quarter := len(times) / 4
	return float64(times[len(times)-1-quarter]-times[quarter]) / 2 / float64(median(times))
}

func median[N ~int64 | ~float64](values []N) N { return quantile(values, 0.5) }

// quantile returns the value below which that part of all is.
func quantile[N ~int64 | ~float64](values []N, part float64) N {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(part*float64(len(sorted)-1)+0.5)]
}
