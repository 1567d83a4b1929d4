package scale_test

import (
	"fmt"
	"time"
)

// expense is what a child has cost while it was observed.
type expense struct {
	took             time.Duration
	cpu              time.Duration
	requests, writes int64
	connections      int64
	failed           int64 // watches
	bytes            uint64
}

// add adds the costs of another observation.
func (e *expense) add(other expense) {
	e.took += other.took
	e.cpu += other.cpu
	e.requests += other.requests
	e.writes += other.writes
	e.failed += other.failed
	e.connections = max(e.connections, other.connections)
}

func (e *expense) rate() float64 { return float64(e.requests) / e.took.Seconds() }

// busy is the part of one processor that was used.
func (e *expense) busy() float64 { return e.cpu.Seconds() / e.took.Seconds() }

func (e *expense) requestsPerWrite() float64 { return float64(e.requests) / float64(e.writes) }

func (e *expense) cpuPerWrite() float64 { return e.cpu.Seconds() / float64(e.writes) }

func (e *expense) String() string {
	return fmt.Sprintf("%.1f requests/s, %.2f%% of a processor, while there were %.0f writes/s",
		e.rate(), 100*e.busy(), float64(e.writes)/e.took.Seconds())
}
