package witness

import (
	"fmt"
	"slices"
	"sync"

	"github.com/etcdv2/client/etcd"
)

// A Ledger is the writes below one watched directory: each value is written once. The zero value is
// empty.
type Ledger struct {
	mu      sync.Mutex
	applied map[uint64]string // acknowledged writes: index and value
	unknown map[string]bool   // values of writes that may have been applied
}

// Applied notes a write that was acknowledged.
func (l *Ledger) Applied(index uint64, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.applied == nil {
		l.applied = map[uint64]string{}
	}
	l.applied[index] = value
}

// Unknown notes a write that may or may not have been applied, now or later.
func (l *Ledger) Unknown(value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unknown == nil {
		l.unknown = map[string]bool{}
	}
	l.unknown[value] = true
}

// Len returns how many writes were acknowledged.
func (l *Ledger) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.applied)
}

// Last returns the index of the last write that was acknowledged.
func (l *Ledger) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last uint64
	for index := range l.applied {
		last = max(last, index)
	}
	return last
}

// Check compares events with the writes. Up to the last event every acknowledged write must have its
// event, in order and once; there may be none but those of writes. That the events reach to the
// end of the writes is not asked here, see Await.
func (l *Ledger) Check(events []*etcd.Response) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, last := map[uint64]bool{}, uint64(0)
	for i, event := range events {
		index, value := event.Node.ModifiedIndex, event.Node.Value
		if index <= last || event.Index != index {
			return fmt.Errorf("event %d is at %d and says it is at %d, the one before was at %d", i, index, event.Index, last)
		}
		if want, ok := l.applied[index]; ok && want != value || !ok && !l.unknown[value] {
			return fmt.Errorf("event %d, at %d, has the value %q, written was %q", i, index, value, want)
		}
		seen[index], last = true, index
	}
	return l.missing(seen, last)
}

// missing returns an error if an acknowledged write up to last was not seen.
func (l *Ledger) missing(seen map[uint64]bool, last uint64) error {
	var missing []uint64
	for index := range l.applied {
		if index <= last && !seen[index] {
			missing = append(missing, index)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("a gap: %d of %d events are missing, the first at %d and the last at %d",
		len(missing), len(l.applied), missing[0], missing[len(missing)-1])
}
